"""Sessions like this one, by the index that serves: each user's events are one session."""

from __future__ import annotations

import numpy as np

from recaug.batch import FIRST_ROW, PAD_ROW, Int64, Sequences
from recaug.evaluation.contenders import best
from recaug.evaluation.metrics import Float64
from recaug.evaluation.ranking import Score, Scores
from recaug.evaluation.splits import Fold
from recaug.evaluation.targets import Bool, Targets
from recaug.session_knn import NAMED, REACHES, SessionKnn

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

    def named(self, source: Sequences, part: Targets, reach: Scores) -> tuple[Int64, Float64]:
        """Rows that sessions like each target's history speak for, and their votes, (b, `NAMED`).

        By `reach` (b,), in clicks; `PAD_ROW` with no vote fills up.
        """
        rows, votes = np.full((len(part), NAMED), PAD_ROW), np.zeros((len(part), NAMED))
        owners = np.searchsorted(source.starts, part.starts, side="right") - 1
        histories = zip(part.at, part.starts, owners.tolist(), reach.tolist(), strict=True)
        for line, (at, start, own, clicks) in enumerate(histories):
            history = source.rows[max(start, at - HISTORY) : at].tolist()
            found, said = self._index.score(history, own, clicks)
            rows[line, : len(found)], votes[line, : len(found)] = found, said
        return rows, votes


def spread(rows: Int64, values: Scores, size: int) -> Float64:
    """`values` (b, n) of the named `rows` (b, n) as a value of each row, (b, `size`)."""
    found = np.zeros((len(rows), size))
    np.put_along_axis(found, rows, values, axis=1)
    return found


class Sessions:
    """Learns a fold's new events one by one, as it would while serving.

    How far back a click counts is what validates best.
    """

    name = "vsknn"

    def __init__(self) -> None:
        self._neighbours = Neighbours()
        self._score: Score | None = None

    def fit(self, fold: Fold) -> None:
        self._neighbours.learn(fold.source, fold.known)
        reach = best(REACHES, lambda reach: self._scores(fold, reach), fold)
        self._neighbours.learn(fold.source, fold.before)
        self._score = self._scores(fold, reach)

    def score(self, part: Targets) -> Scores:
        assert self._score is not None, "fit comes first"
        return self._score(part)

    def _scores(self, fold: Fold, reach: float) -> Score:
        counts = fold.counts[: fold.size]
        # So little that it only orders what no session speaks for.
        prior = 1e-6 * counts / max(1, counts.max(initial=0))

        def score(part: Targets) -> Scores:
            named = self._neighbours.named(fold.source, part, np.full(len(part), reach))
            scores: Scores = spread(*named, fold.size) + prior
            scores[:, :FIRST_ROW] = 0.0
            return scores

        return score
