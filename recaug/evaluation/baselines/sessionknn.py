"""Sessions like this one, by the index that serves: each user's events are one session."""

from __future__ import annotations

import numpy as np

from recaug.batch import FIRST_ROW
from recaug.evaluation.metrics import Float64
from recaug.evaluation.ranking import Scores
from recaug.evaluation.splits import Fold
from recaug.evaluation.targets import Bool, Targets
from recaug.session_knn import SessionKnn

#: Newest events of a history that are looked at: the index holds no more of a session.
HISTORY = 50


class Sessions:
    """Learns a fold's new events one by one, as it would while serving."""

    name = "vsknn"

    def __init__(self) -> None:
        self._index = SessionKnn()
        self._learned: Bool | None = None
        self._fold: Fold | None = None
        self._prior: Float64 = np.zeros(0)

    def fit(self, fold: Fold) -> None:
        source, owners = fold.source, fold.source.owners()
        new = fold.before if self._learned is None else fold.before & ~self._learned
        at = np.flatnonzero(new)
        for event in at[np.lexsort((source.order[at], source.times_ms[at]))].tolist():
            self._index.learn(int(owners[event]), int(source.rows[event]))
        self._learned, self._fold = fold.before, fold
        # So little that it only orders what no session speaks for.
        counts = fold.counts[: fold.size]
        self._prior = 1e-6 * counts / max(1, counts.max(initial=0))

    def score(self, part: Targets) -> Scores:
        assert self._fold is not None, "fit comes first"
        rows = self._fold.source.rows
        scores = np.tile(self._prior, (len(part), 1))
        for line, at, start in zip(scores, part.at, part.starts, strict=True):
            found, votes = self._index.score(rows[max(start, at - HISTORY) : at].tolist())
            line[np.array(found, np.int64)] += votes
        scores[:, :FIRST_ROW] = 0.0
        return scores
