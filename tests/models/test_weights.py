from pathlib import Path
from typing import Any

import pytest
import torch

from models.adam import AdamW
from models.sequence import SequenceModel, Shape
from models.weights import grown, pack, restore, shape_of
from recaug.registry import CorruptBundle, Registry

SHAPE = Shape(width=8, history=4, pooled=True)
ABOUT: dict[str, Any] = {
    "created_at": "2025-11-24T05:40:35Z", "model": SHAPE.plain(), "metrics": {}, "parity": {},
    "offsets": {}, "events": 0, "train_seconds": 0, "device": "cpu", "promoted": True,
    "reason": "",
}  # fmt: skip


@pytest.fixture
def trained() -> tuple[SequenceModel, AdamW]:
    model = SequenceModel(SHAPE, 6)
    optimizer = AdamW(model)
    for _ in range(3):
        model.unit().sum().backward()
        optimizer.step(1e-2)
    return model, optimizer


def test_a_run_goes_on_where_the_last_one_stopped(
    tmp_path: Path, trained: tuple[SequenceModel, AdamW]
) -> None:
    registry = Registry(tmp_path)
    registry.write("main", "v1", dict(pack(*trained)), ABOUT)
    model, optimizer = restore(registry.open("main", "v1"))
    assert all(
        torch.equal(value, model.state_dict()[name])
        for name, value in trained[0].state_dict().items()
    )
    assert optimizer.state["table.steps"].max() == 3
    assert all(torch.equal(v, optimizer.state[n]) for n, v in trained[1].state.items())


def test_new_rows_go_below_and_the_old_stay(trained: tuple[SequenceModel, AdamW]) -> None:
    new = torch.full((2, 8), 0.5)
    model, optimizer = grown(*trained, new)
    assert torch.equal(model.table[:6], trained[0].table)
    assert torch.equal(model.table[6:], new)
    assert optimizer.state["table.steps"].flatten().tolist() == [3.0] * 6 + [0.0, 0.0]
    assert not optimizer.state["table.mean"][6:].any()


@pytest.mark.parametrize("part", ["weights.safetensors", "optimizer.safetensors"])
def test_weights_of_another_shape_are_refused(
    tmp_path: Path, trained: tuple[SequenceModel, AdamW], part: str
) -> None:
    other = SequenceModel(Shape(width=16, history=4, pooled=True), 6)
    files = {**pack(*trained), part: pack(other, AdamW(other))[part]}
    registry = Registry(tmp_path)
    registry.write("main", "v1", dict(files), ABOUT)
    with pytest.raises(CorruptBundle, match="do not fit"):
        restore(registry.open("main", "v1"))


def test_a_bundle_that_knows_of_no_pool_has_none(tmp_path: Path) -> None:
    model = SequenceModel(Shape(width=8, history=4), 6)
    told = model.encoder.shape.plain()
    del told["pooled"]
    registry = Registry(tmp_path)
    registry.write("main", "v1", dict(pack(model, AdamW(model))), {**ABOUT, "model": told})
    assert restore(registry.open("main", "v1"))[0].encoder.shape == model.encoder.shape


def test_a_manifest_without_a_shape_is_refused(
    tmp_path: Path, trained: tuple[SequenceModel, AdamW]
) -> None:
    registry = Registry(tmp_path)
    registry.write("main", "v1", dict(pack(*trained)), {**ABOUT, "model": {"width": 8}})
    with pytest.raises(CorruptBundle, match="gives no"):
        shape_of(registry.open("main", "v1"))
