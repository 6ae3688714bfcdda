"""The terms of a loss beside the next event."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch import Tensor

from models import weights
from models.adam import AdamW
from models.batches import Examples
from models.sequence import SequenceModel, Shape
from models.terms import HEAT, Older, Share, Terms
from models.train import Recipe, step

SHAPE = Shape(width=8, history=4)
ROWS = 12
CPU = torch.device("cpu")


def batch(owner: tuple[int, ...] = (0, 1, 2)) -> Examples:
    """Three users, each of whom had three items and wants a fourth."""
    items = torch.tensor([[2, 3, 4], [5, 6, 7], [8, 9, 10]])
    wanted = torch.tensor([[3, 4, 5], [6, 7, 8], [9, 10, 11]])
    return Examples(
        items, torch.ones_like(items), torch.ones(items.shape), wanted, np.zeros(3, np.int8),
        np.array(owner),
    )  # fmt: skip


def model() -> SequenceModel:
    torch.manual_seed(0)
    return SequenceModel(SHAPE, ROWS)


def added(terms: Terms, model: SequenceModel, some: Examples) -> Tensor:
    table = model.unit()
    out = model.encoder(some.items, some.kinds, some.gaps, table)
    found: Tensor = terms(some, out, table, SHAPE.temperature)
    return found


def test_an_item_that_is_where_its_text_is_costs_next_to_nothing() -> None:
    text = torch.eye(ROWS, SHAPE.width)
    text[SHAPE.width :] = 0  # those say nothing
    terms = Terms(Share(attributes=1.0), SHAPE.width, text)
    assert terms.attributes is not None
    terms.attributes.map = torch.nn.Parameter(torch.eye(SHAPE.width))
    table = torch.eye(ROWS, SHAPE.width)
    found = terms(batch(), torch.zeros(3, 3, SHAPE.width), table, 1.0)
    # Rows 2 … 7 have a text, at right angles to all others.
    assert found.item() == pytest.approx(math.log(1 + 5 * math.exp(-1 / HEAT)), abs=1e-6)


def test_rows_come_to_say_what_texts_say() -> None:
    own, text = model(), torch.randn(ROWS, 5)
    optimizer = weights.with_terms(own, AdamW(own), Share(attributes=1.0), text.numpy(), None)
    assert isinstance(own.terms, Terms)
    before = added(own.terms, own, batch()).item()
    for _ in range(100):
        added(own.terms, own, batch()).backward()  # type: ignore[no-untyped-call]
        optimizer.step(0.02)
    assert added(own.terms, own, batch()).item() < 0.3 * before


def test_who_has_no_traits_or_is_nobody_is_not_asked() -> None:
    traits = torch.zeros(3, 4)
    traits[0, 0] = 1
    terms = Terms(Share(profile=1.0), SHAPE.width, traits=traits)
    assert added(terms, model(), batch((1, 2, -1))).item() == 0.0
    # Alone in a batch one is found for certain.
    assert added(terms, model(), batch((0, 1, -1))).item() == 0.0
    traits[1, 1] = 1
    assert added(terms, model(), batch((0, 1, -1))).item() > 0.0


def test_a_model_that_is_as_before_is_not_pulled_anywhere() -> None:
    own = model()
    terms = Terms(Share(older=1.0), SHAPE.width, older=Older(own, CPU))
    added(terms, own, batch()).backward()  # type: ignore[no-untyped-call]
    for parameter in own.parameters():
        assert parameter.grad is None or parameter.grad.abs().max() < 1e-4
    with torch.no_grad():
        own.table.add_(torch.randn_like(own.table))
    added(terms, own, batch()).backward()  # type: ignore[no-untyped-call]
    assert own.table.grad is not None
    assert own.table.grad.abs().max() > 1e-2


def test_a_model_before_reads_new_items_as_unknown_ones() -> None:
    small = SequenceModel(SHAPE, 6)
    terms = Terms(Share(older=1.0), SHAPE.width, older=Older(small, CPU))
    assert math.isfinite(added(terms, model(), batch()).item())


def test_nothing_of_them_outlives_a_run() -> None:
    own = model()
    names, kept = set(own.state_dict()), set(AdamW(own).state)
    text = torch.randn(ROWS, 5).numpy()
    optimizer = weights.with_terms(
        own, AdamW(own), Share(0.1, 0.1, 0.1), text, model(), torch.eye(3)
    )
    assert set(own.state_dict()) > names
    step(own, optimizer, batch(), Recipe(), 1e-3, torch.Generator())
    weights.settled(own, optimizer)
    assert (set(own.state_dict()), set(optimizer.state)) == (names, kept)


def test_without_a_share_nothing_is_added() -> None:
    own = model()
    optimizer = AdamW(own)
    assert weights.with_terms(own, optimizer, Share(), None, model()) is optimizer
    assert own.terms is None
