"""The best rows of a large table: which groups of rows to look into, then the rows of those.

    Grouped       top in fp32; search by eight-bit products
    Finish        chosen rows in fp32

Of a tile's products only the best of each group of neighbouring rows is kept. The k best rows are
in the k groups with the best peaks, for any other group's rows have k better ones before them; of
equals the lower comes first, in groups as in rows. Eight-bit products are rounded, so more groups
are looked into and the best peak of the others tells whether that was enough. What is returned is
scored in fp32 and ordered by that.

Shapes: B users, d width, N rows, G rows of a group, C candidates of a user.
"""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from recaug.batch import Float32, Int64
from recaug.graphs import Precision, choose, finish, multiply_rows, peaks
from recaug.mirror import LOUDEST, LOUDEST_IN_PAIRS, Quantised
from recaug.provider import Run, Scratch, session
from recaug.rank import Found, Whole
from recaug.settings import Settings
from recaug.table import MASK, STEP, ItemTable
from recaug.tiles import tiles

#: Rows up to which fp32 keeps all scores: 64 users' are then 5 MB.
WHOLE = 20_480
#: Scores of a tile, 2 MB, and its rows at most.
TILE, LONGEST = 1 << 19, 65_536
#: Rows of a group, and the rows of a table from which it is the larger: fewer groups to choose
#: from, or fewer rows in those that are chosen.
SMALL, LARGE, MANY = 8, 32, 131_072
#: Rows from which searching in eight bits is faster at every size of batch.
EIGHT_BITS = 65_536
#: Candidates scored at once in the end: those of 64 users would not stay in the cache of a core.
FINISHED = 4_096
#: Below every score that may be shown.
LEAST = {"fp32": MASK, "int8": np.int32(-(2**31))}


class Grouped:
    """What changes in the table is seen at once, in the eight-bit copy as well."""

    def __init__(
        self, table: ItemTable, precision: Literal["fp32", "int8"], settings: Settings
    ) -> None:
        self.precision: Precision = precision
        self._table = table
        self._whole = Whole(table, settings) if precision == "fp32" else None
        self._multiply = Run(session(multiply_rows(precision), settings))
        rounds = precision == "int8"
        self._quantised = Quantised(table, _loudest(self._multiply)) if rounds else None
        self._peaks = Run(session(peaks(precision), settings))
        self._choose = Run(session(choose(precision), settings))
        self._least = LEAST[precision]
        kind = self._least.dtype
        self._scores, self._kept = Scratch(kind), Scratch(kind)
        self._finish = Finish(table, settings)

    def top(self, users: Float32, seen: Int64, k: int) -> tuple[Float32, Int64]:
        if self._whole and self._table.bound <= WHOLE:
            return self._whole.top(users, seen, k)
        found = self.search(users, seen, k)
        return found.scores, found.rows

    def search(self, users: Float32, seen: Int64, k: int) -> Found:
        size = SMALL if self._table.bound <= MANY else LARGE
        rows, columns = self._sides(users)
        best = self._group_peaks(rows, columns, seen, size)
        wanted = k if self._quantised is None else candidates(k)
        groups, rest = self._chosen(best, min(wanted, len(best)))
        scores, ranked = self._among(users, groups, seen, size, k)
        return Found(scores, ranked, self._most(users, rest))

    def _among(
        self, users: Float32, groups: Int64, seen: Int64, size: int, k: int
    ) -> tuple[Float32, Int64]:
        groups.sort(axis=1)  # so that of equal rows the lower comes first
        rows = (groups[:, :, None] * size + np.arange(size)).reshape(len(users), -1)  # (B, C)
        bias = self._table.bias[rows]
        _strike(bias, groups, seen, size)
        return self._finish.top(users, rows, bias, k)

    def _chosen(self, best: NDArray[Any], count: int) -> tuple[Int64, NDArray[Any]]:
        """The best groups (B, count), and the best peak (B,) of the others."""
        more = min(count + 1, len(best))
        peaks = np.empty((best.shape[1], more), best.dtype)
        groups = np.empty(peaks.shape, np.int64)
        wanted = {"peaks": best, "k": np.array([more])}
        self._choose(wanted, {"values": peaks, "groups": groups})
        rest = peaks[:, count] if more > count else np.full(len(peaks), self._least)
        return groups[:, :count], rest

    def _most(self, users: Float32, peaks: NDArray[Any]) -> Float32:
        if self._quantised is None:
            return peaks
        return np.where(peaks == self._least, MASK, self._quantised.columns(users).most(peaks))

    def _group_peaks(
        self, rows: NDArray[Any], columns: NDArray[Any], seen: Int64, size: int
    ) -> NDArray[Any]:
        """The best product of each group with each user, (N / G, B)."""
        users = columns.shape[1]
        best = self._kept.of(len(rows) // size, users)
        height = min(LONGEST, max(STEP, TILE // users // STEP * STEP))
        for tile in tiles(self._table, seen, height):
            scores = self._scores.of(len(tile), users)
            given = {"rows": rows[tile.first : tile.stop], "users": columns}
            self._multiply(given, {"scores": scores})
            scores[tile.masked] = self._least
            scores[tile.seen, tile.users] = self._least
            part = best[tile.first // size : tile.stop // size]
            self._peaks({"groups": scores.reshape(-1, size, users)}, {"peaks": part})
        return best

    def _sides(self, users: Float32) -> tuple[NDArray[Any], NDArray[Any]]:
        """Rows (N, d) and users (d, B), in the numbers of the products."""
        if self._quantised is None:
            return self._table.vectors, np.ascontiguousarray(users.T)
        return self._quantised.rows(), self._quantised.columns(users).numbers


class Finish:
    """Candidates of each user scored in fp32."""

    def __init__(self, table: ItemTable, settings: Settings) -> None:
        on_cpu = settings.model_copy(update={"provider": "cpu"})
        self._table, self._run = table, Run(session(finish(), on_cpu))

    def top(self, users: Float32, rows: Int64, bias: Float32, k: int) -> tuple[Float32, Int64]:
        """users (B, d), rows and their bias (B, C), rows rising → scores and rows (B, k)."""
        scores, ranked = np.empty((len(users), k), np.float32), np.empty((len(users), k), np.int64)
        step = max(1, FINISHED // rows.shape[1])
        for first in range(0, len(users), step):
            part = slice(first, first + step)
            given: dict[str, NDArray[Any]] = {
                "table": self._table.vectors, "users": users[part], "candidates": rows[part],
                "bias": bias[part], "k": np.array([k]),
            }  # fmt: skip
            self._run(given, {"scores": scores[part], "rows": ranked[part]})
        return scores, ranked


def _loudest(multiply: Run) -> int:
    """The largest number of a user that this processor multiplies without overflow."""
    rows, users = np.full((8, 64), 255, np.uint8), np.full((64, 1), LOUDEST, np.int8)
    scores = np.empty((8, 1), np.int32)
    multiply({"rows": rows, "users": users}, {"scores": scores})
    return LOUDEST if (scores == 64 * 255 * LOUDEST).all() else LOUDEST_IN_PAIRS


def candidates(k: int) -> int:
    """In how many groups or rows by rounded scores the best k are looked for."""
    return 2 * k + 4


def _strike(bias: Float32, groups: Int64, seen: Int64, size: int) -> None:
    """Mask in `bias` (B, C) the seen rows (B, S) that are in chosen groups (B, C / G)."""
    hit = np.flatnonzero((seen // size)[:, :, None] == groups[:, None, :])  # of (B, S, C / G)
    place, group = np.divmod(hit, groups.shape[1])
    user, within = place // seen.shape[1], seen.reshape(-1)[place] % size
    bias[user, group * size + within] = MASK
