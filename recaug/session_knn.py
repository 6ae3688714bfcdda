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
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recaug.session_index import SessionIndex

#: Sessions held.
SESSIONS = 1_000_000
#: Newest sessions listed under an item.
PER_ITEM = 1_000
#: Newest items of a session.
LENGTH = 20
#: Distinct items held.
ITEMS = 1_000_000
#: Newest items of a history that count, and clicks after which one counts 1/e.
_HISTORY, _HISTORY_CLICKS = 10, 2.0
#: Clicks from the shared item at which one of a neighbour counts 1/e.
_NEIGHBOUR_CLICKS = 5.0
#: Items named as a history's, the best.
_NAMED = 200
#: With fewer items found than this, so many of the best new ones are asked in turn.
_FEW, _ASKED = 100, 10

#: Slot (n,), number in the query (n,) of its first row that is shared, similarity (n,).
_Neighbours = tuple[NDArray[np.int32], NDArray[np.intp], NDArray[np.float64]]


class SessionKnn:
    """Sessions most like a history, and what else was in them.

    sample      newest sessions that share an item with the history: those that are compared
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
        self._similarity = np.zeros(sessions)  # by slot; zeros between two calls
        self._own = -1  # slot of the session that is asked for
        self._places = np.arange(length)
        self._recent = np.exp(-np.arange(_HISTORY) / _HISTORY_CLICKS)
        self._asked = np.exp(-np.arange(_ASKED) / _ASKED)
        self._near = np.exp(-self._places / _NEIGHBOUR_CLICKS)

    def __len__(self) -> int:
        """Sessions held."""
        return len(self._index)

    def learn(self, session: Hashable, item: Hashable) -> None:
        """Take in the next click of a session; sessions may interleave."""
        self._index.learn(session, item)

    def forget(self, session: Hashable) -> None:
        """Erase a session; nothing happens where it is not held.

        As if it had never been, but that what left to make room for it does not come back.
        """
        self._index.forget(session)

    def score(
        self, history: Sequence[Hashable], own: Hashable = None
    ) -> tuple[list[Any], NDArray[np.float32]]:
        """The best items of the neighbours of `history` (oldest click first), with scores.

        Those of the history itself may be among them. Empty when it holds no known item. `own` is
        the session that the history is of: it does not vote, for what it may hold besides is what
        its user did since.
        """
        query = self._query(history)
        if not len(query):
            return [], np.empty(0, np.float32)
        self._own = self._index.slot(own)
        rows, scores = self._vote(query, self._recent[: len(query)], self._sample)
        if self._share and len(rows) < _FEW:
            rows, scores = self._further(query, rows, scores)
        names = [self._index.names[row] for row in rows[:_NAMED].tolist()]
        return names, scores[:_NAMED].astype(np.float32)

    def _query(self, history: Sequence[Hashable]) -> NDArray[np.intp]:
        """Rows of the newest distinct known items, newest first."""
        known = (self._index.rows.get(item) for item in reversed(history))
        newest = dict.fromkeys(row for row in known if row is not None)
        return np.array(list(newest)[:_HISTORY], np.intp)

    def _vote(
        self, query: NDArray[np.intp], weights: NDArray[np.float64], each: int
    ) -> tuple[NDArray[np.int32], NDArray[np.float64]]:
        """Rows and scores of the neighbours' items, best first.

        query    (n,) rows, none twice, the most important first
        weights  (n,) what holding each is worth
        each     newest sessions looked at for each
        """
        every = self._sharing(query, weights * self._index.rarity(query), each)
        slots, shared, similarity = self._nearest(*every)
        items = self._index.items[slots]  # (neighbours, length)
        taken = self._places < self._index.held[slots, None]
        at = np.argmax((items == query[shared, None]) & taken, axis=1)
        near = self._near[np.abs(self._places - at[:, None])]
        rows = items[taken]
        return _total(rows, (similarity[:, None] * near)[taken] * self._index.rarity(rows))

    def _sharing(
        self, query: NDArray[np.intp], weights: NDArray[np.float64], each: int
    ) -> _Neighbours:
        """The sessions that share a row with the query, in no order."""
        found = []
        for row, weight in zip(query.tolist(), weights.tolist(), strict=True):
            slots = self._index.listed(row, each)
            so_far = self._similarity[slots]
            found.append(slots[so_far == 0.0])
            self._similarity[slots] = so_far + weight
        every = np.concatenate(found)
        similarity = self._similarity[every]
        self._similarity[every] = 0.0
        return every, np.repeat(np.arange(len(query)), [len(new) for new in found]), similarity

    def _nearest(
        self,
        slots: NDArray[np.int32],
        shared: NDArray[np.intp],
        similarity: NDArray[np.float64],
    ) -> _Neighbours:
        """The most similar of the newest, most similar first, of equals the newest."""
        if self._own >= 0:
            others = slots != self._own
            slots, shared, similarity = slots[others], shared[others], similarity[others]
        touched = self._index.touched[slots]
        if len(slots) > self._sample:
            newest = np.argpartition(touched, -self._sample)[-self._sample :]
            slots, shared, similarity = slots[newest], shared[newest], similarity[newest]
            touched = touched[newest]
        similarity = similarity / np.sqrt(self._index.held[slots])
        best = np.lexsort((-touched, -similarity))[: self._neighbours]
        return slots[best], shared[best], similarity[best]

    def _further(
        self, query: NDArray[np.intp], rows: NDArray[np.int32], scores: NDArray[np.float64]
    ) -> tuple[NDArray[np.int32], NDArray[np.float64]]:
        """Add what the neighbours of the best new items vote for, for a history of rare items."""
        known = set(query.tolist())
        best = [row for row in rows.tolist() if row not in known][:_ASKED]
        if not best:
            return rows, scores
        each = -(-self._sample // len(best))  # they share the sample
        more, votes = self._vote(np.array(best), self._asked[: len(best)], each)
        votes *= self._share * scores[:1] / votes[:1]  # there may be none
        return _total(np.concatenate((rows, more)), np.concatenate((scores, votes)))


def _total(
    rows: NDArray[np.int32], votes: NDArray[np.float64]
) -> tuple[NDArray[np.int32], NDArray[np.float64]]:
    """Sum of the votes by row, best first, of equals the one first voted for."""
    found, first, voted = np.unique(rows, return_index=True, return_inverse=True)
    scores = np.bincount(voted, votes).astype(np.float64, copy=False)
    best = np.lexsort((first, -scores))
    return found[best], scores[best]
