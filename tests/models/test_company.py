"""Where items begin: among those they were seen with."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from models.batches import Log
from models.company import place, placed
from models.sequence import SequenceModel, Shape
from recaug.batch import FIRST_ROW, sequences

#: Two worlds of ten items that no user mixes.
ITEMS, WORLD = 20, 10


def log(users: int = 60, events: int = 6, known: float = 1.0) -> Log:
    rng = np.random.default_rng(0)
    rows = FIRST_ROW + WORLD * (np.arange(users) % 2)[:, None]
    rows = (rows + rng.integers(0, WORLD, (users, events))).ravel()
    owners, nothing = np.repeat(np.arange(users), events), np.zeros(users * events, np.int64)
    every = np.arange(users * events) < known * users * events
    return Log(sequences(owners, rows, nothing, nothing), every, every)


def cosines(rows: Tensor) -> tuple[float, float]:
    """Mean within a world and between the two."""
    unit = F.normalize(rows[FIRST_ROW:], dim=1)
    near = unit @ unit.T
    return near[:WORLD, :WORLD].mean().item(), near[:WORLD, WORLD:].mean().item()


def test_what_is_had_together_begins_near_each_other() -> None:
    rows = torch.randn(FIRST_ROW + ITEMS, 32)
    inside, between = cosines(placed(log(), rows, FIRST_ROW))
    assert inside > 0.9 and between < 0.5 < inside - between
    assert cosines(rows)[0] < 0.2


def test_without_company_a_row_stays_what_it_is() -> None:
    rows = torch.randn(FIRST_ROW + ITEMS, 32)
    found = placed(log(known=0.0), rows, FIRST_ROW)
    torch.testing.assert_close(found, F.normalize(rows, dim=1))


def test_only_known_events_are_company() -> None:
    rows, half = torch.randn(FIRST_ROW + ITEMS, 32), log(known=0.5)
    source = half.source
    other = source.rows.copy()
    other[~half.known] = FIRST_ROW
    changed = Log(
        sequences(source.owners(), other, source.kinds, source.times_ms), half.known, half.asked
    )
    torch.testing.assert_close(placed(half, rows, FIRST_ROW), placed(changed, rows, FIRST_ROW))


def test_rows_that_have_learned_stay_and_new_ones_come_to_them_half_as_long() -> None:
    model = SequenceModel(Shape(width=32), FIRST_ROW + ITEMS)
    with torch.no_grad():
        model.table.copy_(3.0 * placed(log(), model.table, FIRST_ROW))
        model.table[-1] = torch.randn(32)
    before = model.table.detach().clone()
    last = FIRST_ROW + ITEMS - 1
    place(model, log(), last)
    assert torch.equal(model.table[:last], before[:last])
    own = model.table[last].detach()
    torch.testing.assert_close(own.norm(), torch.tensor(1.5))
    near = F.normalize(before[FIRST_ROW:last], dim=1) @ F.normalize(own, dim=0)
    assert near[WORLD:].mean() > 0.8 > near[:WORLD].mean()
