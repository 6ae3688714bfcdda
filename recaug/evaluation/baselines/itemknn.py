"""Items that the same users had (item-kNN): the sum of cosines with what the user had.

Deshpande & Karypis, "Item-based top-N recommendation algorithms", TOIS 2004.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from recaug.batch import Float32, Int64, Sequences
from recaug.evaluation.contenders import best
from recaug.evaluation.metrics import Float64
from recaug.evaluation.ranking import Score, Scores
from recaug.evaluation.splits import Fold
from recaug.evaluation.targets import Bool, Targets

Int32 = npt.NDArray[np.int32]

#: Neighbours kept of an item: 800 bytes.
NEIGHBOURS = 100
#: Newest items of a user that are paired with each other, and that are summed over for a list.
PAIRED, SUMMED = 500, 50
#: Pairs counted at once, unless one item has more: 32 MB, several times over.
PAIRS = 4_000_000
#: Cells that may be empty for each pair, most, where counting all cells beats sorting the pairs.
DENSE = 4
#: What an item of the history weighs less than the one after it; the better one is taken.
DECAYS = (1.0, 0.8)


class ItemKnn:
    """Neighbours of all items, from who had what before the test."""

    name = "itemknn"

    def __init__(self) -> None:
        self._score: Score | None = None

    def fit(self, fold: Fold) -> None:
        known = Neighbours.of(fold.source, fold.known, fold.size)
        decay = best(DECAYS, lambda decay: known.scores(fold.source, decay), fold)
        self._score = Neighbours.of(fold.source, fold.before, fold.size).scores(fold.source, decay)

    def score(self, part: Targets) -> Scores:
        assert self._score is not None, "fit comes first"
        return self._score(part)


class Neighbours:
    """The `NEIGHBOURS` nearest of each row, and how near they are."""

    def __init__(self, rows: Int32, cosines: Float32, counts: Int64) -> None:
        self.rows = rows  # (N, K) 0 where there is none
        self.cosines = cosines  # (N, K)
        # So little that it only orders what no neighbour speaks for.
        self.prior: Float64 = 1e-6 * counts / max(1, counts.max(initial=0))  # (N,)

    @classmethod
    def of(cls, source: Sequences, counted: Bool, size: int) -> Neighbours:
        """Pair what each user had among the `counted` events (n,); rows are below `size`."""
        users, items = _pairs(source, counted)
        counts = np.bincount(items, minlength=size)
        rows = np.zeros((size, NEIGHBOURS), np.int32)
        cosines = np.zeros((size, NEIGHBOURS), np.float32)
        of_user = np.concatenate([[0], np.cumsum(np.bincount(users))])
        order = np.argsort(items, kind="stable")
        owners, own = users[order], items[order]
        for part in _parts(np.diff(of_user)[owners], np.searchsorted(own, np.arange(size + 1))):
            one, other, both = _together(own[part], owners[part], of_user, items, size)
            near = both / np.sqrt(counts[one] * counts[other])
            one, place, other, near = _nearest(one, other, near)
            rows[one, place], cosines[one, place] = other, near
        return cls(rows, cosines, counts)

    def scores(self, source: Sequences, decay: float) -> Score:
        size = len(self.rows)

        def score(part: Targets) -> Scores:
            at = part.at[:, None] - np.arange(1, SUMMED + 1)  # (b, L) newest first
            had = np.where(at >= part.starts[:, None], source.rows[np.maximum(at, 0)], 0)
            had[had >= size] = 0
            weights = self.cosines[had] * decay ** np.arange(SUMMED)[:, None]  # (b, L, K)
            cells = self.rows[had] + size * np.arange(len(part))[:, None, None]  # (b, L, K)
            summed = np.bincount(cells.ravel(), weights.ravel(), minlength=len(part) * size)
            return summed.reshape(len(part), size) + self.prior

        return score


def _pairs(source: Sequences, counted: Bool) -> tuple[Int64, Int64]:
    """Who had what, each once, by user, (P,) each: the newest `PAIRED` counted events of a user."""
    owners = source.owners()
    left = np.bincount(owners[counted], minlength=len(source.starts))  # counted ones come first
    place = np.arange(len(owners)) - source.starts[owners]
    taken = counted & (place >= left[owners] - PAIRED)
    both = np.unique(np.stack([owners[taken], source.rows[taken]]), axis=1)
    return both[0], both[1]


def _parts(costs: Int64, ends: Int64) -> Iterator[slice]:
    """Parts of (row, user) pairs that are ordered by row, whole rows each, at `PAIRS` of cost."""
    spent = np.concatenate([[0], np.cumsum(costs)])[ends]  # before each row
    first = 0
    while first < len(ends) - 1:
        last = int(np.searchsorted(spent, spent[first] + PAIRS, side="right")) - 1
        last = max(last, first + 1)
        yield slice(int(ends[first]), int(ends[last]))
        first = last


def _together(
    own: Int64, owners: Int64, of_user: Int64, items: Int64, size: int
) -> tuple[Int64, Int64, Int64]:
    """Rows that the same users had, and how many of them, (P,) each; `own` is ordered."""
    counts = of_user[owners + 1] - of_user[owners]
    ends = np.cumsum(counts)
    at = np.arange(int(counts.sum())) + np.repeat(of_user[owners] - (ends - counts), counts)
    low = int(own[0]) if len(own) else 0
    cells = np.repeat((own - low) * size, counts) + items[at]
    if len(cells) > int(cells.max(initial=0)) // DENSE:
        dense = np.bincount(cells)
        found = np.flatnonzero(dense)
        both = dense[found]
    else:
        found, both = np.unique(cells, return_counts=True)
    one, other = low + found // size, found % size
    different = one != other
    return one[different], other[different], both[different]


def _nearest(one: Int64, other: Int64, cosines: Float64) -> tuple[Int64, Int64, Int64, Float64]:
    """The nearest of each row, and their place among them; `one` is ordered, (P,) each."""
    order = np.lexsort((-cosines, one))
    one, other, cosines = one[order], other[order], cosines[order]
    place = np.arange(len(one)) - np.searchsorted(one, one)
    near = place < NEIGHBOURS
    return one[near], place[near], other[near], cosines[near]
