"""Sessions like this one, by the index that serves: each user's events are one session."""

from __future__ import annotations

import numpy as np

from recaug.batch import FIRST_ROW, Sequences
from recaug.evaluation.metrics import Float64
from recaug.evaluation.ranking import Scores
from recaug.evaluation.splits import Fold
from recaug.evaluation.targets import Bool, Targets
from recaug.session_knn import SessionKnn

#: Newest events of a history that are looked at: the index holds no more of a session.
HISTORY = 50


class Neighbours:
    """An index that is taught a log's events, and what its sessions say of targets."""

    def __init__(self) -> None:
        self._index = SessionKnn()
        self._learned: Bool | None = None

    def learn(self, source: Sequences, events: Bool) -> None:
        """Take in the newest of `events` (n,) that are new, one by one in order of time."""
        new = events if self._learned is None else events & ~self._learned
        owners, at = source.owners(), np.flatnonzero(new & (source.rows >= FIRST_ROW))
        for event in at[np.lexsort((source.order[at], source.times_ms[at]))].tolist():
            self._index.learn(int(owners[event]), int(source.rows[event]))
        self._learned = events if self._learned is None else self._learned | events

    def votes(self, source: Sequences, part: Targets, size: int) -> Float64:
        """Votes of the sessions like each target's history for each row, (b, `size`)."""
        found = np.zeros((len(part), size))
        owners = np.searchsorted(source.starts, part.starts, side="right") - 1
        for line, at, start, own in zip(found, part.at, part.starts, owners.tolist(), strict=True):
            history = source.rows[max(start, at - HISTORY) : at].tolist()
            rows, votes = self._index.score(history, own)
            line[np.array(rows, np.int64)] = votes
        return found


class Sessions:
    """Learns a fold's new events one by one, as it would while serving."""

    name = "vsknn"

    def __init__(self) -> None:
        self._neighbours = Neighbours()
        self._fold: Fold | None = None
        self._prior: Float64 = np.zeros(0)

    def fit(self, fold: Fold) -> None:
        self._neighbours.learn(fold.source, fold.before)
        self._fold = fold
        # So little that it only orders what no session speaks for.
        counts = fold.counts[: fold.size]
        self._prior = 1e-6 * counts / max(1, counts.max(initial=0))

    def score(self, part: Targets) -> Scores:
        assert self._fold is not None, "fit comes first"
        scores = self._neighbours.votes(self._fold.source, part, self._fold.size) + self._prior
        scores[:, :FIRST_ROW] = 0.0
        return scores
