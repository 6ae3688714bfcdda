"""What neighbours, favourites and newness add to a model's scores, as rows of its table and gains.

    told          the second and third scorer's say for many histories
    newcomers     the model's own best of the rows that are new
    candidates    its best rows, those and the others', each once, with what is added to its score

Shapes: B histories, k results, M rows that others speak for, S rows seen, C candidates.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recaug.batch import PAD_ROW, Float32, Int64
from recaug.fusion import FAVOURITES, Fusion, evidence, favour
from recaug.table import MASK, ItemTable

#: Items, best first, and their votes.
Votes = tuple[Sequence[str], NDArray[np.floating]]
NOTHING: Votes = ((), np.zeros(0))


@dataclass(frozen=True, slots=True)
class Told:
    """Rows that others speak for, and how much each is worth, in log-odds as the model's scores.

    A row may be there three times, once for each scorer; `PAD_ROW` fills up.
    """

    rows: Int64  # (B, M)
    gains: Float32  # (B, M)
    neighbours: int  # of the M, those that neighbours spoke for come first
    new: Float32  # (B,) what each new row gains
    matches: int = 0  # of the M, those that a search is for come last


def told(
    fusion: Fusion,
    table: ItemTable,
    lengths: Sequence[int],
    votes: Sequence[Votes],
    popular: Sequence[tuple[str, float]],
) -> Told:
    """Weigh each history's votes, and the most popular items, by the history's length.

    `popular` are at least one more than `FAVOURITES`, where there are so many, best first.
    """
    most = max((len(names) for names, _ in votes), default=0)
    liked = favour(np.array([score for _, score in popular], np.float64))
    favourites = _rows(table, [item for item, _ in popular[:FAVOURITES]])
    rows = np.full((len(votes), most + len(favourites)), PAD_ROW, np.int64)
    gains = np.zeros(rows.shape, np.float32)
    rows[:, most:] = favourites
    new = np.array([fusion.of(length).new for length in lengths], np.float32)
    for line, (length, (names, counted)) in enumerate(zip(lengths, votes, strict=True)):
        weights = fusion.of(length)
        rows[line, : len(names)] = _rows(table, names)
        gains[line, : len(names)] = weights.sessions * evidence(counted)
        gains[line, most:] = weights.popularity * liked[: len(favourites)]
    return Told(rows, gains, most, new)


def _rows(table: ItemTable, names: Sequence[str]) -> list[int]:
    get = table.rows.get
    return [get(name, PAD_ROW) for name in names]


def newcomers(table: ItemTable, users: Float32, seen: Int64, k: int) -> Int64:
    """The best rows of users (B, d) among those that are new and not `seen` (B, S), (B, ≤ k).

    Any of those that are equal.
    """
    first, stop = table.first_new, len(table.ids)
    scores = users @ table.vectors[first:stop].T + table.bias[first:stop]  # (B, F)
    line, place = np.nonzero(seen >= first)
    scores[line, seen[line, place] - first] = MASK
    if stop - first > k:
        return first + np.argpartition(-scores, k - 1, axis=1)[:, :k]
    return np.broadcast_to(np.arange(first, stop), scores.shape)


def candidates(own: Int64, said: Told, seen: Int64, table: ItemTable) -> tuple[Int64, Float32]:
    """The rows to compare, rising, and what is added to the model's score of each.

    Whatever is among neither `own` (B, k), the model's best of all rows and of new ones, nor `said`
    has k better rows before it. A row seen (B, S), a masked one and all but the first of equal rows
    are masked.

    Returns rows (B, C) and their bias (B, C).
    """
    rows = np.concatenate([own, said.rows], axis=1)
    gains = np.concatenate([np.zeros(own.shape, np.float32), said.gains], axis=1)
    order = np.argsort(rows, axis=1, kind="stable")
    rows, gains = (np.take_along_axis(part, order, axis=1) for part in (rows, gains))
    added = gains + table.bias[rows] + said.new[:, None] * (rows >= table.first_new)
    # A row is there five times at most: as one of the model's best, as one of its best new ones, as
    # a neighbour's, as a favourite and as what is searched for.
    for apart in (1, 2, 3, 4):
        same = rows[:, apart:] == rows[:, :-apart]
        added[:, :-apart] += np.where(same, gains[:, apart:], 0.0)
    added[:, 1:][rows[:, 1:] == rows[:, :-1]] = MASK
    added[_first(rows, seen)] = MASK
    return rows, added


def _first(rows: Int64, seen: Int64) -> tuple[Int64, Int64]:
    """Where in the rising `rows` (B, C) those of `seen` (B, S) begin, as indices."""
    lines = np.arange(len(rows))[:, None]
    height = int(max(rows.max(initial=0), seen.max(initial=0))) + 1
    keys, wanted = (rows + lines * height).ravel(), (seen + lines * height).ravel()
    at = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    at = at[keys[at] == wanted]
    return np.divmod(at, rows.shape[1])
