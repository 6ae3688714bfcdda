"""Nothing in the tree reads a file in a way that could run what is in it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PLACES = ("recaug", "models", "streams", "bench", "tests")

#: Modules that turn bytes into objects by running them.
MODULES = frozenset({
    "pickle", "_pickle", "cPickle", "cloudpickle", "dill", "joblib", "shelve", "marshal",
    "jsonpickle",
})  # fmt: skip

#: Calls that do, or that open files which the file names.
CALLS = frozenset({
    "yaml.load", "yaml.full_load", "yaml.unsafe_load", "onnx.load", "onnx.load_model",
    "onnx.load_external_data_for_model", "torch.jit.load", "torch.hub.load", "pandas.read_pickle",
})  # fmt: skip


def dangers(source: str) -> Iterator[str]:
    """What in a module's source would read a pickle, each named once."""
    tree = ast.parse(source)
    names = {
        alias.asname: alias.name
        for node in ast.walk(tree) if isinstance(node, ast.Import)
        for alias in node.names if alias.asname
    }  # fmt: skip
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (one.name for one in node.names if one.name.split(".")[0] in MODULES)
        elif isinstance(node, ast.ImportFrom):
            yield from _imported(node)
        elif isinstance(node, ast.Call):
            yield from _called(node, names)


def _imported(node: ast.ImportFrom) -> Iterator[str]:
    module = node.module or ""
    if module.split(".")[0] in MODULES:
        yield module
    yield from (f"{module}.{one.name}" for one in node.names if f"{module}.{one.name}" in CALLS)


def _called(node: ast.Call, names: dict[str, str]) -> Iterator[str]:
    call = _dotted(node.func)
    first, _, rest = call.partition(".")
    call = f"{names.get(first, first)}.{rest}" if rest else call
    given = {one.arg: one.value for one in node.keywords}
    if call in CALLS:
        yield call
    if call == "torch.load" and not _is(given.get("weights_only"), True):
        yield "torch.load without weights_only=True"
    if "allow_pickle" in given and not _is(given["allow_pickle"], False):
        yield f"{call} with allow_pickle"
    if any(_is(value, "pickle") for name, value in given.items() if "serializer" in (name or "")):
        yield f"{call} with the serializer pickle"


def _dotted(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return f"{_dotted(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""


def _is(node: ast.expr | None, value: object) -> bool:
    return isinstance(node, ast.Constant) and node.value == value


@pytest.mark.parametrize(
    "source",
    [
        "import pickle", "from pickle import loads", "import joblib as j", "import dill.source",
        "torch.load(path)", "torch.load(path, weights_only=False)",
        "import torch as t\nt.load(path)", "np.load(path, allow_pickle=True)",
        "np.load(path, allow_pickle=chosen)", "import yaml\nyaml.load(text)",
        "from yaml import unsafe_load", "onnx.load(path)", "from onnx import load",
        "faust.App('a', value_serializer='pickle')", "import pandas as pd\npd.read_pickle(path)",
    ],
)  # fmt: skip
def test_what_is_looked_for_is_found(source: str) -> None:
    assert len(list(dangers(source))) == 1


def test_what_is_safe_is_let_be() -> None:
    safe = (
        "torch.load(path, weights_only=True)\nnp.load(path, allow_pickle=False)\n"
        "yaml.safe_load(text)\nonnx.load_from_string(data)\njson.load(file)\n"
        "'never a pickle'\n"
    )
    assert list(dangers(safe)) == []


def test_nothing_reads_a_pickle() -> None:
    # These make one, to see it refused.
    made_on_purpose = {
        "tests/hostile/bytes_rows.py": ["pickle"],
        "tests/recaug/events/test_hostile.py": ["pickle"],
        "tests/recaug/test_registry.py": ["numpy.save with allow_pickle"],
    }
    found = {
        str(path.relative_to(ROOT)): told
        for place in PLACES
        for path in sorted((ROOT / place).rglob("*.py"))
        if (told := list(dangers(path.read_text("utf-8"))))
    }
    found.pop("tests/test_no_pickle.py", None)
    assert found == made_on_purpose


def test_every_graph_is_admitted_before_it_is_run() -> None:
    """ONNX Runtime is given bytes in these places only, each behind `recaug.admission`."""
    found = {
        str(path.relative_to(ROOT))
        for place in ("recaug", "models", "streams")
        for path in (ROOT / place).rglob("*.py")
        if "InferenceSession(" in path.read_text("utf-8")
    }
    assert found == {"recaug/provider.py", "recaug/text.py", "models/export.py"}
    for path in found:
        text = (ROOT / path).read_text("utf-8")
        assert text.index("admit(") < text.index("InferenceSession(")


def test_every_registry_of_a_service_or_command_has_keys() -> None:
    """Without keys signatures are not looked at: that is for tests of other things."""
    without = [
        (str(path.relative_to(ROOT)), ast.unparse(node))
        for place in ("recaug", "models", "streams")
        for path in sorted((ROOT / place).rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call) and _dotted(node.func) == "Registry" and len(node.args) < 2
    ]
    # A fine-tune started by hand on a directory of its own; learn always names the keys.
    assert without == [("models/job.py", "Registry(self.registry)")]
