"""What session neighbours and popularity say of targets, taught as far as the model beside them.

Others        learn · named · votes · liked · new
finite        a model's scores where others may speak for what it does not know
"""

from __future__ import annotations

import numpy as np

from recaug.batch import FIRST_ROW, Int64, Sequences
from recaug.evaluation.baselines.sessionknn import Neighbours, spread
from recaug.evaluation.metrics import Float64
from recaug.evaluation.ranking import Scores
from recaug.evaluation.targets import Bool, Targets
from recaug.fusion import evidence, favour


class Others:
    """The second and third scorer of `recaug.fusion`."""

    def __init__(self, source: Sequences) -> None:
        self._source, self._neighbours = source, Neighbours()
        self._favour: Scores = np.zeros(0)
        self._new: Bool = np.zeros(0, np.bool_)

    def learn(self, events: Bool, counts: Float64 | Int64, new: Bool) -> None:
        """Take in those of `events` (n,) that are new.

        `counts` (N,) of each row by then, and `new` (N,) rows that nobody has touched yet.
        """
        self._neighbours.learn(self._source, events)
        counts = counts.astype(np.float64)
        counts[:FIRST_ROW] = 0.0
        self._favour, self._new = favour(counts), new

    def named(self, part: Targets, reach: Scores) -> tuple[Int64, Float64]:
        """The rows that neighbours speak for and their votes, see `Neighbours.named`."""
        return self._neighbours.named(self._source, part, reach)

    def votes(self, part: Targets, size: int, reach: Scores) -> Scores:
        """Evidence of neighbours for each row, by `reach` (b,) in clicks, (b, `size`)."""
        rows, votes = self.named(part, reach)
        # Logarithms of what was named, not of all that has no vote.
        return spread(rows, evidence(votes), size)

    def liked(self, size: int) -> Scores:
        """Evidence of popularity, (`size`,)."""
        return self._favour[:size]

    def new(self, own: Scores) -> Bool:
        """Rows without an event that the model, scores (b, N), knows by their text all the same."""
        known: Bool = np.asarray(np.isfinite(own).all(axis=0))
        return self._new[: own.shape[1]] & known


def finite(own: Scores) -> Scores:
    """Scores (b, N) with what the model does not know, −inf, below all it knows."""
    unknown = ~np.isfinite(own)
    least = np.where(unknown, np.inf, own).min(1, keepdims=True)
    return np.where(unknown, np.where(np.isfinite(least), least, 0.0), own)
