"""Text takes part in training and leaves nothing behind but rows."""

from __future__ import annotations

import numpy as np
import torch

from models import weights
from models.adam import AdamW
from models.sequence import SequenceModel, Shape
from models.text_rows import DIRECTIONS, LEAST, whitened
from recaug.batch import FIRST_ROW

SHAPE = Shape(width=16, heads=2, history=5)
ITEMS = [f"i{n}" for n in range(400)]


def texts(width: int = 8) -> dict[str, np.ndarray]:
    """Vectors in a narrow cone: one direction is ten times as long as any other."""
    rng = np.random.default_rng(0)
    made = rng.normal(size=(len(ITEMS), width)).astype(np.float32)
    made[:, 0] *= 10
    made[:, 1] += 50
    return dict(zip(ITEMS, made, strict=True))


def test_whitened_text_has_length_one_and_the_same_variance_in_every_direction() -> None:
    rows = whitened(ITEMS, texts())
    assert rows is not None and rows.shape == (FIRST_ROW + len(ITEMS), 8)
    assert not rows[:FIRST_ROW].any()
    np.testing.assert_allclose(np.linalg.norm(rows[FIRST_ROW:], axis=1), 1.0, rtol=1e-5)
    spread = rows[FIRST_ROW:].var(0)
    assert spread.max() / spread.min() < 1.5


def test_who_has_no_text_has_a_row_of_zeros_and_few_texts_are_none() -> None:
    some = {item: vector for item, vector in texts().items() if item != "i7"}
    some["i9"] = np.ones(3, np.float32)  # of another encoder
    rows = whitened(ITEMS, some)
    assert rows is not None
    assert np.flatnonzero(~rows.any(1)).tolist() == [0, 1, FIRST_ROW + 7, FIRST_ROW + 9]
    few = dict(list(texts().items())[: LEAST - 1])
    assert whitened(ITEMS, few) is None
    assert whitened(ITEMS, {}) is None


def test_directions_are_bounded_and_those_without_variance_left_out() -> None:
    rng = np.random.default_rng(1)
    wide = rng.normal(size=(len(ITEMS), DIRECTIONS + 40)).astype(np.float32)
    rows = whitened(ITEMS, dict(zip(ITEMS, wide, strict=True)))
    assert rows is not None and rows.shape[1] == DIRECTIONS
    flat = rng.normal(size=(len(ITEMS), 3)).astype(np.float32) @ np.eye(3, 10, dtype=np.float32)
    rows = whitened(ITEMS, dict(zip(ITEMS, flat, strict=True)))
    assert rows is not None and rows.shape[1] == 3


def test_a_model_that_goes_on_is_the_same_until_it_learns_and_after_it_settles() -> None:
    model = SequenceModel(SHAPE, FIRST_ROW + len(ITEMS))
    before = model.unit().detach().clone()
    optimizer = weights.with_texts(model, AdamW(model), whitened(ITEMS, texts()), fresh=False)
    torch.testing.assert_close(model.unit(), before)
    torch.autograd.backward(model.unit()[FIRST_ROW:, 0].sum())
    optimizer.step(0.01)
    learned = model.unit().detach().clone()
    assert not torch.allclose(learned, before)
    weights.settled(model, optimizer)
    torch.testing.assert_close(model.unit(), learned)
    plain = SequenceModel(SHAPE, FIRST_ROW + len(ITEMS))
    assert model.state_dict().keys() == plain.state_dict().keys()
    assert optimizer.state.keys() == AdamW(plain).state.keys()


def test_alike_items_move_together() -> None:
    """Only item 0 is pulled; of two that were never touched, the one with its text follows."""
    vectors = texts()
    vectors["i1"] = vectors["i0"] + 0.01
    model = SequenceModel(SHAPE, FIRST_ROW + len(ITEMS))
    optimizer = weights.with_texts(model, AdamW(model), whitened(ITEMS, vectors), fresh=False)
    aim = torch.nn.functional.normalize(torch.ones(16), dim=0)
    before = model.unit().detach() @ aim
    for _ in range(20):
        torch.autograd.backward(-(model.unit()[FIRST_ROW] @ aim))
        optimizer.step(0.01)
    gained = (model.unit().detach() @ aim - before)[FIRST_ROW:]
    assert gained[1] > 0.3 > gained[2:].mean().abs()
