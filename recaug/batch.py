"""Histories as the arrays a model reads; the same code for training, the gate and serving.

Row 0 of the item table is padding and row 1 stands for an unknown or masked item; item `i` of the
vocabulary has row `i + 2`. Arrays are right-aligned: the newest event is in the last column.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

PAD_ROW = 0
UNKNOWN_ROW = 1
FIRST_ROW = 2

Int64 = npt.NDArray[np.int64]
Float32 = npt.NDArray[np.float32]

#: (rows, kinds, times_ms) of one user's events, oldest first, of equal length.
History = tuple[Sequence[int], Sequence[int], Sequence[int]]


@dataclass(frozen=True, slots=True)
class Batch:
    """Model inputs for B requests of at most L events."""

    items: Int64  # (B, L) rows of the item table, 0 where there is no event
    kinds: Int64  # (B, L) event kinds, 0 where there is no event
    gaps: Float32  # (B, L) seconds to the next event, in the last column to the request


@dataclass(frozen=True, slots=True)
class Sequences:
    """Everybody's events end to end: user u's, oldest first, are [starts[u], starts[u + 1])."""

    rows: Int64  # (n,)
    kinds: Int64  # (n,)
    times_ms: Int64  # (n,)
    starts: Int64  # (users + 1,)
    order: Int64  # (n,) where each event stood in the arrays given to `sequences`

    def owners(self) -> Int64:
        """The user of every event, (n,)."""
        return np.repeat(np.arange(len(self.starts) - 1), np.diff(self.starts))

    def repeats(self, length: int) -> npt.NDArray[np.bool_]:
        """Whether the same user had the same row within the `length` events before, (n,).

        Such an event is not a target: a list never shows what the kept history holds.
        """
        users, at = self.owners(), np.arange(len(self.rows))
        order = np.lexsort((at, self.rows, users))
        same = (np.diff(users[order]) == 0) & (np.diff(self.rows[order]) == 0)
        found = np.zeros(len(self.rows), np.bool_)
        found[order[1:]] = same & (np.diff(order) <= length)
        return found


def sequences(
    users: npt.NDArray[np.integer],
    rows: npt.NDArray[np.integer],
    kinds: npt.NDArray[np.integer],
    times_ms: Int64,
) -> Sequences:
    """Sort a log by user, then event time; equal times keep the order of the log."""
    order = np.lexsort((times_ms, users))
    count = int(users.max()) + 1 if len(users) else 0
    starts = np.concatenate([[0], np.cumsum(np.bincount(users, minlength=count))])
    return Sequences(
        rows[order].astype(np.int64), kinds[order].astype(np.int64),
        times_ms[order].astype(np.int64), starts.astype(np.int64), order,
    )  # fmt: skip


def windows(
    source: Sequences, starts: Int64, stops: Int64, requests_ms: Int64, length: int
) -> Batch:
    """The newest ≤ `length` events of each [start, stop) as a batch asked at `requests_ms`.

    The width is that of the longest window, at least 1. An event later than its successor or than
    the request (clocks differ) has a gap of 0.
    """
    starts = np.maximum(starts, stops - length)
    width = max(1, int((stops - starts).max(initial=0)))
    at = stops[:, None] - np.arange(width, 0, -1)  # (B, L)
    real = at >= starts[:, None]
    at = np.where(real, at, 0)
    if not len(source.rows):
        return _empty(len(stops))
    times = source.times_ms[at]
    following = np.concatenate([times[:, 1:], requests_ms[:, None]], axis=1)
    gaps = np.where(real, np.maximum(following - times, 0) / 1000.0, 0.0)
    return Batch(
        np.where(real, source.rows[at], PAD_ROW),
        np.where(real, source.kinds[at], 0),
        gaps.astype(np.float32),
    )


def build(histories: Sequence[History], requests_ms: Sequence[int], length: int) -> Batch:
    """A batch from one history per request, each cut to its newest `length` events."""
    newest = [tuple(part[-length:] for part in history) for history in histories]
    sizes = [len(rows) for rows, _, _ in newest]
    stops = np.cumsum(sizes, dtype=np.int64)
    flat = [np.array([v for h in newest for v in h[part]], np.int64) for part in range(3)]
    starts = np.concatenate([[0], stops])
    source = Sequences(flat[0], flat[1], flat[2], starts, np.arange(len(flat[0])))
    return windows(source, stops - sizes, stops, np.asarray(requests_ms, np.int64), length)


def pad(rows: Sequence[Sequence[int]]) -> Int64:
    """Ragged lists of rows as (B, S) with `PAD_ROW` behind each; S ≥ 1. For the graph's `seen`."""
    width = max(1, max((len(row) for row in rows), default=0))
    padded = np.full((len(rows), width), PAD_ROW, np.int64)
    for line, row in zip(padded, rows, strict=True):
        line[: len(row)] = row
    return padded


def _empty(size: int) -> Batch:
    zeros = np.zeros((size, 1), np.int64)
    return Batch(zeros, zeros.copy(), zeros.astype(np.float32))
