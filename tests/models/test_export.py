from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
import pytest
import torch
from onnx import numpy_helper

from models import export, graph
from models.export import ParityError, check
from models.sequence import SequenceModel, Shape
from recaug.batch import History
from tests.models.conftest import HISTORY

HISTORIES: list[History] = [
    ([5], [1], [1_000]),
    ([5, 6, 1, 8], [1, 2, 3, 4], [0, 10, 3_600_000, 9_000_000_000]),
    (list(range(2, 2 + HISTORY)), [1] * HISTORY, [n * 86_400_000 for n in range(HISTORY)]),
    (list(range(2, 30)), [11] * 28, [0] * 28),
]
SHAPES = [
    Shape(history=HISTORY),
    Shape(history=HISTORY, heads=1),
    Shape(width=32, blocks=2, heads=4, history=HISTORY),
    Shape(width=16, blocks=3, heads=2, history=5, temperature=0.5),
    Shape(width=32, history=HISTORY, pooled=True),
    Shape(width=16, blocks=2, history=5, temperature=0.5, pooled=True),
]


def trained(shape: Shape) -> SequenceModel:
    """Weights far from their start, so that each of them counts."""
    made = SequenceModel(shape, 32)
    for name, parameter in made.named_parameters():
        # With larger ones a pool would see nothing but its favourite.
        torch.nn.init.normal_(parameter, std=0.1 if ".pool." in name else 0.3)
    return made


@pytest.fixture
def model() -> SequenceModel:
    return trained(Shape(history=HISTORY))


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_the_file_ranks_as_torch_does(shape: Shape) -> None:
    model = trained(shape)
    parity = check(export.export(model), model, HISTORIES)
    assert 0.0 < parity.worst < 1e-3
    assert parity.requests == 6 * (1 + 2 + 7 + 64)
    assert parity.worst_case != "none"


@pytest.mark.parametrize("shape", SHAPES[1:3] + SHAPES[4:5], ids=str)
def test_every_weight_counts(shape: Shape) -> None:
    """A weight that the graph had forgotten would change nothing there."""
    model = trained(shape)
    file = export.export(model)
    # A key's bias moves all scores of a head alike, so it changes nothing in torch either.
    keys = slice(0, shape.width)
    for name, weights in model.encoder.named_parameters():
        with torch.no_grad():
            kept = weights.clone()
            weights.add_(torch.randn_like(weights).sign())
            if name.endswith("key_value.bias"):
                weights[keys] = kept[keys]
            with pytest.raises(ParityError, match="differ"):
                check(file, model, HISTORIES)
            weights.copy_(kept)
    check(file, model, HISTORIES)


def test_weights_that_went_wrong_are_found(model: SequenceModel) -> None:
    proto = onnx.load_from_string(export.export(model))
    norm = model.encoder.norm.weight.detach().numpy()
    for kept in proto.graph.initializer:
        if np.array_equal(numpy_helper.to_array(kept), norm):
            kept.CopyFrom(numpy_helper.from_array(norm + np.float32(0.5) * (norm > 0), kept.name))
    with pytest.raises(ParityError, match="differ"):
        check(proto.SerializeToString(), model, HISTORIES)


def test_scores_that_are_no_numbers_are_found(model: SequenceModel) -> None:
    with torch.no_grad():
        model.encoder.norm.bias[0] = float("nan")
    with pytest.raises(ParityError, match="finite"):
        check(export.export(model), model, HISTORIES)


def test_the_file_is_self_contained_and_names_no_place(model: SequenceModel) -> None:
    file = export.export(model)
    proto = onnx.load_from_string(file)
    onnx.checker.check_model(proto, full_check=True)
    assert not any(kept.external_data for kept in proto.graph.initializer)
    assert str(Path(export.__file__).parent).encode() not in file
    axes = {i.name: [d.dim_param or d.dim_value for d in i.type.tensor_type.shape.dim]
            for i in proto.graph.input}  # fmt: skip
    assert tuple(axes) == graph.INPUTS
    assert axes == {
        "items": ["batch", "length"], "kinds": ["batch", "length"], "gaps": ["batch", "length"],
        "table": ["rows", 64],
    }  # fmt: skip


def test_the_same_weights_make_the_same_file(model: SequenceModel) -> None:
    assert export.export(model) == export.export(model)


def test_a_history_longer_than_the_model_was_made_for_is_read(model: SequenceModel) -> None:
    session = ort.InferenceSession(export.export(model), providers=["CPUExecutionProvider"])
    table = model.unit().detach().numpy()
    items = np.full((1, 3 * HISTORY), 5)
    given = {"items": items, "kinds": np.ones_like(items), "table": table}
    given["gaps"] = np.zeros(items.shape, np.float32)
    (wanted,) = session.run(None, given)
    tensors = [torch.from_numpy(given[name]) for name in graph.INPUTS]
    with torch.no_grad():
        expected = model.encoder(*tensors, newest=True)[:, 0] / model.encoder.shape.temperature
    np.testing.assert_allclose(wanted, expected.numpy(), atol=1e-4)
