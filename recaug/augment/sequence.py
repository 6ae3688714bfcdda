"""Views of a sequence for training (CL4SRec, CoSeRec, DA4Rec); fresh ones every epoch.

Every view marks the events in it that nobody did: the model may read those, but is never asked to
predict them. Each operator takes rows, the row most like each row of the item table (N,), itself
where that is unknown, and a generator; the shape stays, shorter sequences gain padding in front.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from recaug.augment.rows import Bool, Rows
from recaug.batch import PAD_ROW, UNKNOWN_ROW, Int64

#: Part of a sequence that an operator touches: crop keeps this much, the others change this much.
KEPT, TOUCHED = 0.6, 0.2
#: Chance of an event to be in the half that a subset takes (Zhou et al., WWW 2024).
HALF = 0.5

View = Callable[[Rows, Int64, np.random.Generator], Rows]


def crop(rows: Rows, similar: Int64, rng: np.random.Generator) -> Rows:
    """A contiguous part of each sequence: at least `KEPT` of it, at least one event."""
    width, sizes = rows.items.shape[1], rows.sizes()
    kept = np.ceil(sizes * rng.uniform(KEPT, 1.0, len(sizes))).astype(np.int64)
    dropped = rng.integers(0, sizes - kept + 1)  # from the new end
    order = np.arange(width) - dropped[:, None]
    return rows.take(np.where(order >= (width - dropped - kept)[:, None], order, -1))


def mask(rows: Rows, similar: Int64, rng: np.random.Generator) -> Rows:
    """`TOUCHED` of the events are of an unknown item."""
    return _replace(rows, _touched(rows, rng), np.full_like(rows.items, UNKNOWN_ROW))


def reorder(rows: Rows, similar: Int64, rng: np.random.Generator) -> Rows:
    """Shuffle one contiguous part of `TOUCHED` of each sequence; the times stay where they were."""
    width, sizes = rows.items.shape[1], rows.sizes()
    span = np.ceil(sizes * TOUCHED).astype(np.int64).clip(2)
    start = width - sizes + rng.integers(0, np.maximum(sizes - span, 0) + 1)
    column = np.arange(width)
    inside = (column >= start[:, None]) & (column < (start + span)[:, None])
    # Columns outside keep their place as sort key, those inside draw one within the part.
    drawn = start[:, None] + rng.random(rows.items.shape) * (span[:, None] - 1e-6)
    order = np.argsort(np.where(inside, drawn, column), axis=1, kind="stable")
    mixed = rows.take(order)
    return replace(mixed, times_ms=rows.times_ms)


def substitute(rows: Rows, similar: Int64, rng: np.random.Generator) -> Rows:
    """`TOUCHED` of the events are of the item most like theirs."""
    return _replace(rows, _touched(rows, rng), similar[rows.items])


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


def delete(rows: Rows, similar: Int64, rng: np.random.Generator) -> Rows:
    """Without `TOUCHED` of the events; the newest always stays."""
    return rows.kept(_always_newest(rows, ~_touched(rows, rng)))


def subset(rows: Rows, similar: Int64, rng: np.random.Generator) -> Rows:
    """Half of the events, drawn singly, in their order; the newest always stays."""
    return rows.kept(_always_newest(rows, rng.random(rows.items.shape) < HALF))


def _always_newest(rows: Rows, there: Bool) -> Bool:
    there &= rows.items != PAD_ROW
    there[:, -1] = True
    return there


def _touched(rows: Rows, rng: np.random.Generator) -> Bool:
    touched: Bool = (rng.random(rows.items.shape) < TOUCHED) & (rows.items != PAD_ROW)
    return touched


def _replace(rows: Rows, where: Bool, by: Int64) -> Rows:
    """Other items at `where`; an item replaced by itself is still the user's own."""
    made = where & (by != rows.items)
    items = np.where(made, by, rows.items)
    return replace(rows, items=items, real=rows.real & ~made)
