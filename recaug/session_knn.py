"""What people clicked in sessions like this one: a second scorer, which learns from every click.

    SessionKnn     learn · score · forget

VSTAN (Ludewig et al., "Empirical Analysis of Session-Based Recommendation Algorithms", UMUAI 2021):
the sampling and item weights of V-SkNN (Ludewig & Jannach, "Evaluation of Session-Based
Recommendation Algorithms", UMUAI 2018) with the position decays of STAN (Garg et al., "Sequence and
Time Aware Neighborhood for Session-Based Recommendations: STAN", SIGIR 2019). Its decay by age is
left out, for it gained nothing; a second step is added for histories of rare items.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recaug.session_index import ITEMS, LENGTH, PER_ITEM, SESSIONS, SessionIndex
from recaug.session_votes import added, shared, tallied

#: Clicks of a history after which one counts 1/e: of visits to a shop the newest says most, of what
#: somebody listens to all. What is taken where nothing is chosen, and what is chosen from.
REACH, REACHES = 2.0, (2.0, 5.0, 15.0)
#: How many times as far from the shared item a click of a neighbour counts 1/e.
_FARTHER = 4.0
#: Newest items of a history that count.
_HISTORY = 10
#: Items named as a history's, the best.
NAMED = 100
#: With fewer items found than this, so many of the best new ones are asked in turn.
_FEW, _ASKED = 100, 10

Int64 = NDArray[np.int64]
Float64 = NDArray[np.float64]


class SessionKnn:
    """Sessions most like a history, and what else was in them.

    sample      sessions that are compared: for each item of a history its part of them, the newest
                that hold it
    neighbours  most similar of them: those that vote
    further     a history of rare items has few neighbours; the best items these bring are then a
                second history, whose best item counts so much of the first one's; 0 for none

    The bounds are `SessionIndex`'s. One thread at a time: `score` writes to a buffer of its own.
    """

    def __init__(
        self,
        *,
        sample: int = 1_000,
        neighbours: int = 200,
        further: float = 0.3,
        sessions: int = SESSIONS,
        per_item: int = PER_ITEM,
        length: int = LENGTH,
        items: int = ITEMS,
    ) -> None:
        if min(sample, neighbours) < 1 or further < 0.0:
            raise ValueError("sample and neighbours must be positive, further not negative")
        self._index = SessionIndex(sessions=sessions, per_item=per_item, length=length, items=items)
        self._sample, self._neighbours, self._share = sample, neighbours, further
        # By slot and by row; the first and the last are zeros between two calls.
        self._similarity, self._by = np.zeros(0), np.zeros(0, np.int64)
        self._tally = np.zeros(0)
        self._asked = np.exp(-np.arange(_ASKED) / _ASKED)
        self._length = length

    def __len__(self) -> int:
        """Sessions held."""
        return len(self._index)

    def learn(self, session: Hashable, item: Hashable) -> bool:
        """Take in the next click of a session; sessions may interleave.

        Returns whether the session did not hold the item yet.
        """
        return self._index.learn(session, item)

    def forget(self, session: Hashable) -> None:
        """Erase a session; nothing happens where it is not held.

        As if it had never been, but that what left to make room for it does not come back.
        """
        self._index.forget(session)

    def score(
        self, history: Sequence[Hashable], own: Hashable = None, reach: float = REACH
    ) -> tuple[list[Any], NDArray[np.float32]]:
        """The best items of the neighbours of `history` (oldest click first), with scores.

        Those of the history itself may be among them. Empty when it holds no known item. `own` is
        the session that the history is of: it does not vote, for what it may hold besides is what
        its user did since. `reach` is how many clicks back one counts 1/e.
        """
        query = self._query(history)
        if not len(query):
            return [], np.empty(0, np.float32)
        self._make_room()
        apart = self._index.slot(own)
        recent, near = _decays(reach, self._length)
        rows, scores = self._vote(query, recent[: len(query)], near, apart)
        if self._share and len(rows) < _FEW:
            rows, scores = self._further(query, rows, scores, near, apart)
        best = _best(scores, NAMED)
        names = [self._index.names[row] for row in rows[best].tolist()]
        return names, scores[best].astype(np.float32)

    def _make_room(self) -> None:
        """To compute in, for all slots and rows there are."""
        slots, rows = len(self._index.held), len(self._index.names)
        if slots > len(self._similarity):
            self._similarity, self._by = np.zeros(slots), np.zeros(slots, np.int64)
        if rows > len(self._tally):
            self._tally = np.zeros(2 * rows)

    def _query(self, history: Sequence[Hashable]) -> Int64:
        """Rows of the newest distinct known items, newest first."""
        known = (self._index.rows.get(item) for item in reversed(history))
        newest = dict.fromkeys(row for row in known if row is not None)
        return np.array(list(newest)[:_HISTORY], np.int64)

    def _vote(
        self, query: Int64, weights: Float64, near: Float64, apart: int
    ) -> tuple[Int64, Float64]:
        """Rows and scores of the neighbours' items, in the order of who names them.

        query    (n,) rows, none twice, the most important first
        weights  (n,) what holding each is worth
        near     (length,) what a neighbour's click is worth so far from the item it shares
        apart    slot of the session that does not vote, −1 for none
        """
        index, each = self._index, -(-self._sample // len(query))
        listed, ends = index.listed(query.tolist(), each)
        weights = weights * index.rarity(query)
        slots = shared(listed, ends, weights, apart, self._similarity, self._by)
        slots, alike = self._nearest(slots)
        wanted = query[self._by[slots]]
        return tallied(
            slots, alike, wanted, index.items, index.held, near, index.holders, len(index),
            self._tally,
        )  # fmt: skip

    def _nearest(self, slots: Int64) -> tuple[Int64, Float64]:
        """The most similar, most similar first, of equals the newest."""
        similarity = self._similarity[slots] / np.sqrt(self._index.held[slots])
        self._similarity[slots] = 0.0
        able = _able(similarity, self._neighbours)
        order = np.lexsort((-self._index.touched[slots[able]], -similarity[able]))
        best = able[order[: self._neighbours]]
        return slots[best], similarity[best]

    def _further(
        self, query: Int64, rows: Int64, scores: Float64, near: Float64, apart: int
    ) -> tuple[Int64, Float64]:
        """Add what the neighbours of the best new items vote for, for a history of rare items."""
        had = set(query.tolist())
        named = rows[_best(scores, _ASKED + len(had))].tolist()
        new = np.array([row for row in named if row not in had][:_ASKED], np.int64)
        if not len(new):
            return rows, scores
        more, votes = self._vote(new, self._asked[: len(new)], near, apart)
        if len(votes):
            votes *= self._share * scores.max() / votes.max()
        return added(rows, scores, more, votes, self._tally)


@lru_cache(maxsize=16)
def _decays(reach: float, length: int) -> tuple[Float64, Float64]:
    """What a history's clicks count, newest first, and a neighbour's by how far from the shared."""
    return (
        np.exp(-np.arange(_HISTORY) / reach),
        np.exp(-np.arange(length) / (_FARTHER * reach)),
    )


def _best(scores: Float64, k: int) -> Int64:
    """Places of the `k` best scores, best first, of equals the one named first."""
    able = _able(scores, k)
    return able[np.argsort(-scores[able], kind="stable")[:k]]


def _able(scores: Float64, k: int) -> Int64:
    """Places of the `k` best scores and of all that equal the last of them, in order."""
    if len(scores) <= k:
        return np.arange(len(scores))
    return np.flatnonzero(scores >= np.partition(scores, -k)[-k])
