"""The best rows of a whole table for vectors of users.

    Ranking       what `Whole`, `recaug.rank_groups` and `recaug.rank_device` promise
    Whole         a small table in memory: all scores, then the best
    Checked       a search by rounded scores, done again exactly where they do not settle it

Shapes: B users, d width, N rows, k results. Of equal scores the lower row comes first.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from recaug.batch import Float32, Int64
from recaug.graphs import Precision, best, multiply
from recaug.provider import Run, Scratch, session
from recaug.settings import Settings
from recaug.table import MASK, ItemTable

#: Where more than one row in so many is masked, a sum masks them sooner than one after the other.
CROWDED = 16


class Ranking(Protocol):
    precision: Precision

    def top(self, users: Float32, seen: Int64, k: int) -> tuple[Float32, Int64]:
        """The best `k` ≤ 256 rows of users (B, d), less those of seen (B, S), padded with 0.

        Scores and rows (B, k), best first. What may not be shown scores less than `MASK` / 2.
        """


class Whole:
    """Multiply, mask, take the best; what changes in the table is seen at once."""

    precision: Precision = "fp32"

    def __init__(self, table: ItemTable, settings: Settings) -> None:
        self._table = table
        self._multiply = Run(session(multiply(), settings))
        self._best = Run(session(best("fp32"), settings))
        self._scores = Scratch(np.float32)

    def top(self, users: Float32, seen: Int64, k: int) -> tuple[Float32, Int64]:
        table = self._table
        scores = self._scores.of(len(users), table.bound)
        self._multiply({"users": users, "rows": table.vectors}, {"scores": scores})
        if CROWDED * len(table.masked) > table.bound:
            scores += table.bias
        else:
            scores[:, table.masked] = MASK
        scores[np.arange(len(users))[:, None], seen] = MASK
        return taken(self._best, scores, k)


@dataclass(frozen=True, slots=True)
class Found:
    """The best of some candidates, and what those that were no candidates may score at most."""

    scores: Float32  # (B, k)
    rows: Int64  # (B, k)
    rest: Float32  # (B,)


class Search(Protocol):
    precision: Precision

    def search(self, users: Float32, seen: Int64, k: int) -> Found:
        """As `Ranking.top`, among candidates."""


class Checked:
    """Exact: a list stands if no row outside the candidates can belong in it."""

    def __init__(self, search: Search, exact: Ranking) -> None:
        self.precision: Precision = search.precision
        self._search, self._exact = search, exact

    def top(self, users: Float32, seen: Int64, k: int) -> tuple[Float32, Int64]:
        found = self._search.search(users, seen, k)
        again = doubtful(found)
        if again.any():
            found.scores[again], found.rows[again] = self._exact.top(users[again], seen[again], k)
        return found.scores, found.rows


def doubtful(found: Found) -> NDArray[np.bool_]:
    """Whether something better may have been missed, (B,)."""
    return found.rest >= found.scores[:, -1]


def taken(best: Run, scores: NDArray[Any], k: int) -> tuple[NDArray[Any], Int64]:
    """The best k of scores (B, n), best first: values and places (B, k)."""
    values, places = np.empty((len(scores), k), scores.dtype), np.empty((len(scores), k), np.int64)
    best({"scores": scores, "k": np.array([k])}, {"values": values, "places": places})
    return values, places
