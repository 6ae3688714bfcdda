import shutil
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from onnx import numpy_helper

from models import export
from models.export import ParityError, check, filled
from models.sequence import SequenceModel, Shape
from recaug.batch import History
from tests.models.conftest import HISTORY

HISTORIES: list[History] = [
    ([5], [1], [1_000]),
    ([5, 6, 1, 8], [1, 2, 3, 4], [0, 10, 3_600_000, 9_000_000_000]),
    (list(range(2, 2 + HISTORY)), [1] * HISTORY, [n * 86_400_000 for n in range(HISTORY)]),
    (list(range(2, 30)), [11] * 28, [0] * 28),
]


@pytest.fixture
def model() -> SequenceModel:
    made = SequenceModel(Shape(history=HISTORY), 32, 0.0)
    for parameter in made.parameters():
        torch.nn.init.normal_(parameter, std=0.3)
    return made


def test_the_file_ranks_as_torch_does(model: SequenceModel, traced: Path) -> None:
    file = export.export(model, traced)
    parity = check(file, model, HISTORIES)
    assert 0.0 < parity.worst < 1e-3
    assert parity.requests == 6 * (1 + 2 + 7 + 64)
    assert parity.worst_case != "none"


def test_weights_that_went_wrong_are_found(model: SequenceModel, traced: Path) -> None:
    graph = onnx.load_from_string(export.export(model, traced))
    for kept in graph.graph.initializer:
        if kept.name == "encoder.norm.weight":
            changed = numpy_helper.to_array(kept).copy()
            changed[0] += 0.5
            kept.CopyFrom(numpy_helper.from_array(changed, kept.name))
    with pytest.raises(ParityError, match="differ"):
        check(graph.SerializeToString(), model, HISTORIES)


def test_scores_that_are_no_numbers_are_found(model: SequenceModel, traced: Path) -> None:
    with torch.no_grad():
        model.encoder.norm.bias[0] = float("nan")
    with pytest.raises(ParityError, match="finite"):
        check(export.export(model, traced), model, HISTORIES)


def test_every_weight_needs_its_place(model: SequenceModel, traced: Path) -> None:
    graph = onnx.load_from_string(export.export(model, traced))
    weights = {name: value.detach() for name, value in model.encoder.named_parameters()}
    with pytest.raises(ParityError, match="extra"):
        filled(graph, {**weights, "extra": torch.zeros(1)})
    with pytest.raises(ParityError, match="not"):
        filled(graph, {**weights, "norm.bias": torch.zeros(3)})


def test_the_file_is_self_contained_and_names_no_place(model: SequenceModel, traced: Path) -> None:
    file = export.export(model, traced)
    graph = onnx.load_from_string(file)
    onnx.checker.check_model(graph, full_check=True)
    assert not any(kept.external_data for kept in graph.graph.initializer)
    assert str(Path(export.__file__).parent).encode() not in file
    axes = {i.name: [d.dim_param or d.dim_value for d in i.type.tensor_type.shape.dim]
            for i in graph.graph.input}  # fmt: skip
    assert tuple(axes) == export.INPUTS
    assert axes["table"][1] == 64
    assert all(isinstance(a, str) for name in ("items", "seen", "bias") for a in axes[name])


def test_a_graph_is_traced_once_for_a_shape(
    model: SequenceModel, traced: Path, tmp_path: Path
) -> None:
    cache = tmp_path / "graphs"
    shutil.copytree(traced, cache)
    before = {path: path.stat().st_mtime_ns for path in cache.iterdir()}
    files = [export.export(model, cache) for _ in range(2)]
    assert files[0] == files[1]
    assert {path: path.stat().st_mtime_ns for path in cache.iterdir()} == before
    other = export.traced(Shape(history=HISTORY + 1), cache)
    assert other not in before


def test_table_is_an_input_so_rows_may_be_added(model: SequenceModel, traced: Path) -> None:
    import onnxruntime as ort

    file = export.export(model, traced)
    session = ort.InferenceSession(file, providers=["CPUExecutionProvider"])
    table = np.random.default_rng(0).normal(size=(500, 64)).astype(np.float32)
    items = np.array([[450, 499]])
    scores, rows = session.run(
        None,
        {
            "items": items, "kinds": np.ones_like(items), "gaps": np.zeros((1, 2), np.float32),
            "table": table, "bias": np.zeros(500, np.float32),
            "seen": np.array([[450]]), "k": np.array([499]),
        },
    )  # fmt: skip
    assert sorted(rows[0].tolist()) == [row for row in range(500) if row != 450]
    assert np.isfinite(scores).all()
