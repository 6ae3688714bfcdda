"""Views of a sequence for training: crop, mask, reorder, substitute, insert (CL4SRec, CoSeRec).

Every view says its origin, and marks the events in it that nobody did: the model may read those,
but is never asked to predict them. Vectorised over a batch; fresh views every epoch.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
import numpy.typing as npt

from recaug.batch import FIRST_ROW, PAD_ROW, UNKNOWN_ROW, Int64

Bool = npt.NDArray[np.bool_]


class Origin(IntEnum):
    """Where a training row came from; the name in lower case is what reports say."""

    OBSERVED = 0
    CROP = 1
    MASK = 2
    REORDER = 3
    SUBSTITUTE = 4
    INSERT = 5


#: Part of a sequence that an operator touches: crop keeps this much, the others change this much.
KEPT, TOUCHED = 0.6, 0.2


@dataclass(frozen=True, slots=True)
class Rows:
    """B sequences of W events, right-aligned, row 0 where there is none."""

    items: Int64  # (B, W)
    kinds: Int64  # (B, W)
    times_ms: Int64  # (B, W)
    real: Bool  # (B, W) what the user did, and so what the model may be asked to predict
    origin: npt.NDArray[np.int8]  # (B,)

    def take(self, order: Int64) -> Rows:
        """The same events in another order: `order` (B, W) holds columns, −1 for padding."""
        hidden, at = order < 0, np.maximum(order, 0)

        def pick(values: npt.NDArray[np.generic]) -> npt.NDArray[np.generic]:
            return np.where(hidden, np.zeros((), values.dtype), np.take_along_axis(values, at, 1))

        parts = [pick(part) for part in (self.items, self.kinds, self.times_ms, self.real)]
        return Rows(parts[0], parts[1], parts[2], parts[3], self.origin)  # type: ignore[arg-type]


def views(rows: Rows, similar: Int64, share: float, rng: np.random.Generator) -> Rows:
    """Replace a random `share` of the sequences by views, one operator each, evenly drawn.

    `similar` (N,) maps each row of the item table to the row most like it, itself if unknown.
    """
    drawn = rng.random(len(rows.items)) < share
    origin = np.where(drawn, rng.integers(1, len(Origin), len(rows.items)), 0).astype(np.int8)
    items, kinds, times = rows.items.copy(), rows.kinds.copy(), rows.times_ms.copy()
    real = rows.real.copy()
    for kind in list(Origin)[1:]:
        at = np.flatnonzero(origin == kind)
        part = Rows(rows.items[at], rows.kinds[at], rows.times_ms[at], rows.real[at], origin[at])
        view = view_of(kind, part, similar, rng)
        items[at], kinds[at], times[at], real[at] = view.items, view.kinds, view.times_ms, view.real
    return Rows(items, kinds, times, real, origin)


def view_of(kind: Origin, rows: Rows, similar: Int64, rng: np.random.Generator) -> Rows:
    """All of `rows` under one operator; the shape stays, shorter ones gain padding in front."""
    match kind:
        case Origin.CROP:
            return crop(rows, rng)
        case Origin.MASK:
            return _replace(rows, _touched(rows, rng), np.full_like(rows.items, UNKNOWN_ROW))
        case Origin.REORDER:
            return reorder(rows, rng)
        case Origin.SUBSTITUTE:
            return _replace(rows, _touched(rows, rng), similar[rows.items])
        case Origin.INSERT:
            return insert(rows, similar, rng)
        case Origin.OBSERVED:
            return rows


def crop(rows: Rows, rng: np.random.Generator) -> Rows:
    """A contiguous part of each sequence: at least `KEPT` of it, at least one event."""
    width, sizes = rows.items.shape[1], _sizes(rows)
    kept = np.ceil(sizes * rng.uniform(KEPT, 1.0, len(sizes))).astype(np.int64)
    dropped = rng.integers(0, sizes - kept + 1)  # from the new end
    order = np.arange(width) - dropped[:, None]
    return rows.take(np.where(order >= (width - dropped - kept)[:, None], order, -1))


def reorder(rows: Rows, rng: np.random.Generator) -> Rows:
    """Shuffle one contiguous part of `TOUCHED` of each sequence; the times stay where they were."""
    width, sizes = rows.items.shape[1], _sizes(rows)
    span = np.ceil(sizes * TOUCHED).astype(np.int64).clip(2)
    start = width - sizes + rng.integers(0, np.maximum(sizes - span, 0) + 1)
    column = np.arange(width)
    inside = (column >= start[:, None]) & (column < (start + span)[:, None])
    # Columns outside keep their place as sort key, those inside draw one within the part.
    drawn = start[:, None] + rng.random(rows.items.shape) * (span[:, None] - 1e-6)
    order = np.argsort(np.where(inside, drawn, column), axis=1, kind="stable")
    mixed = rows.take(order)
    return Rows(mixed.items, mixed.kinds, rows.times_ms, mixed.real, rows.origin)


def insert(rows: Rows, similar: Int64, rng: np.random.Generator) -> Rows:
    """Before `TOUCHED` of the events put the item most like them; the oldest fall out in front."""
    width = rows.items.shape[1]
    copies = np.where(rows.items > 0, 1 + _touched(rows, rng), 0)
    # Column of the source of each place in the longer sequence, read from its end.
    behind = np.cumsum(copies[:, ::-1], axis=1)
    place = np.arange(width)
    source = (behind[:, :, None] <= place).sum(1)  # (B, W): events wholly after this place
    order = np.where(source < width, width - 1 - source, -1)[:, ::-1]
    longer = rows.take(order)
    made = np.zeros_like(longer.real)
    made[:, :-1] = (order[:, :-1] == order[:, 1:]) & (order[:, :-1] >= 0)
    return _replace(longer, made, similar[longer.items])


def neighbours(items: Int64, size: int) -> Int64:
    """For each of `size` rows the one that most often follows it in `items` (B, W), else itself."""
    pairs = np.stack([items[:, :-1].ravel(), items[:, 1:].ravel()])
    pairs = pairs[:, (pairs[0] >= FIRST_ROW) & (pairs[1] >= FIRST_ROW) & (pairs[0] != pairs[1])]
    codes, counts = np.unique(pairs[0] * size + pairs[1], return_counts=True)
    best = np.arange(size)
    order = np.argsort(counts, kind="stable")  # the commonest is written last
    best[codes[order] // size] = codes[order] % size
    return best


def counts(origin: npt.NDArray[np.int8]) -> dict[str, int]:
    """How many sequences came from where, by name."""
    found = np.bincount(origin, minlength=len(Origin))
    return {kind.name.lower(): int(found[kind]) for kind in Origin}


def _sizes(rows: Rows) -> Int64:
    sizes: Int64 = (rows.items != PAD_ROW).sum(1)
    return sizes


def _touched(rows: Rows, rng: np.random.Generator) -> Bool:
    touched: Bool = (rng.random(rows.items.shape) < TOUCHED) & (rows.items != PAD_ROW)
    return touched


def _replace(rows: Rows, where: Bool, by: Int64) -> Rows:
    """Other items at `where`; an item replaced by itself is still the user's own."""
    made = where & (by != rows.items)
    items = np.where(made, by, rows.items)
    return Rows(items, rows.kinds, rows.times_ms, rows.real & ~made, rows.origin)
