"""Training rows from a log: which events are predicted from what, cut into windows and batches."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from recaug.augment.mix import Mix, views
from recaug.augment.registry import WEIGHTS
from recaug.augment.rows import Rows, neighbours
from recaug.batch import FIRST_ROW, Int64, Sequences

Bool = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Examples:
    """B windows: position i sees events up to i and is asked for the one after."""

    items: Tensor  # (B, L) int64
    kinds: Tensor  # (B, L) int64
    gaps: Tensor  # (B, L) float32 seconds to the next event
    wanted: Tensor  # (B, L) int64 the row that came next, 0 where nothing is asked
    origin: npt.NDArray[np.int8]  # (B,)
    owner: Int64  # (B,) the user, −1 for nobody


@dataclass(frozen=True, slots=True)
class Log:
    """What may be learned: `known` events are read, `asked` ones (a part of them) predicted."""

    source: Sequences
    known: Bool  # (n,) the oldest of each user's events
    asked: Bool  # (n,)


def cut(log: Log, length: int, rng: np.random.Generator) -> Rows:
    """Windows of `length` + 1 events; every asked event is asked in exactly one of them.

    Where windows begin is drawn anew each time, so that the same event is predicted from more and
    from less before it.
    """
    source = log.source
    owners = source.owners()
    shift = rng.integers(0, length, len(source.starts) - 1)
    chunk = (np.arange(len(owners)) - source.starts[owners] + shift[owners]) // length
    edge = np.flatnonzero(np.diff(owners) | np.diff(chunk)) + 1
    first = np.concatenate([[0], edge])
    last = np.concatenate([edge, [len(owners)]])
    asked = np.concatenate([[0], np.cumsum(log.asked)])
    useful = asked[last] > asked[first]
    first, last = first[useful], last[useful]
    known = np.concatenate([[0], np.cumsum(log.known)])
    last = first + known[last] - known[first]
    return _rows(log, owners[first], first, last, length + 1)


def batches(
    rows: Rows, similar: Int64, mix: Mix, size: int, rng: np.random.Generator
) -> Iterator[Examples]:
    """All rows once, in random order, some of them as views; equal lengths keep company.

    A batch whose views left nothing to ask is left out: it has no mean loss.
    """
    lengths = (rows.items > 0).sum(1) + rng.uniform(0, 4, len(rows.items))
    order = np.argsort(lengths, kind="stable")
    parts = [order[at : at + size] for at in range(0, len(order), size)]
    for at in rng.permutation(len(parts)):
        batch = examples(_weighted(views(rows.pick(parts[at]), similar, mix, rng), rng))
        if batch.wanted.any():
            yield batch


def _weighted(rows: Rows, rng: np.random.Generator) -> Rows:
    """Of a row that counts w of an observed one, a share w of its events stays to be asked for."""
    weights = WEIGHTS[rows.origin]  # (B,)
    if (weights == 1.0).all():
        return rows
    real = rows.real & (rng.random(rows.real.shape) < weights[:, None])
    return replace(rows, real=real)


def examples(rows: Rows) -> Examples:
    """Rows of W events as inputs and targets of W − 1, without columns that all leave empty."""
    width = max(2, int((rows.items > 0).sum(1).max(initial=0)))
    items, kinds = rows.items[:, -width:], rows.kinds[:, -width:]
    times, real = rows.times_ms[:, -width:], rows.real[:, -width:]
    gaps = np.where(items[:, :-1] > 0, np.maximum(np.diff(times, axis=1), 0) / 1000.0, 0.0)
    asked = real[:, 1:] & (items[:, 1:] >= FIRST_ROW) & (items[:, :-1] > 0)
    return Examples(
        torch.from_numpy(items[:, :-1].copy()),
        torch.from_numpy(kinds[:, :-1].copy()),
        torch.from_numpy(gaps.astype(np.float32)),
        torch.from_numpy(np.where(asked, items[:, 1:], 0)),
        rows.origin,
        rows.owner,
    )


def followers(log: Log, length: int, size: int) -> Int64:
    """The row that most often follows each row of the table among known events, (size,)."""
    rows = cut(log, length, np.random.default_rng(0))
    return neighbours(rows.items, size)


def _rows(log: Log, owners: Int64, first: Int64, last: Int64, width: int) -> Rows:
    """One row for each [first, last) of a user's events, (B,) all."""
    source = log.source
    starts = np.maximum(source.starts[owners], last - width)
    at = last[:, None] - np.arange(width, 0, -1)  # (B, W)
    inside = at >= starts[:, None]
    at = np.maximum(at, 0)
    return Rows(
        np.where(inside, source.rows[at], 0),
        np.where(inside, source.kinds[at], 0),
        np.where(inside, source.times_ms[at], 0),
        inside & log.asked[at] & (at >= first[:, None]),
        np.zeros(len(first), np.int8),
        owners,
    )
