"""Model, session neighbours and popularity as one list (`recaug.fusion`), as a contender."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from recaug.batch import FIRST_ROW, Int64
from recaug.evaluation.baselines.sessionknn import Neighbours
from recaug.evaluation.metrics import ndcg
from recaug.evaluation.ranking import BLOCK, MISS, Score, Scores
from recaug.evaluation.splits import Fold
from recaug.evaluation.targets import Bool, Targets
from recaug.fusion import CHOICES, Fusion, evidence


class Fused:
    """What is served: weights are chosen on validation, before the neighbours learn from it."""

    def __init__(
        self, name: str, fit: Callable[[Fold], None], score: Score, temperature: float
    ) -> None:
        """`fit` makes sure that the model knows a fold, `score` gives its cosines."""
        self.name, self._fit, self._model, self._temperature = name, fit, score, temperature
        self._neighbours = Neighbours()
        self._fusion = Fusion.alone()
        self._fold: Fold | None = None

    def fit(self, fold: Fold) -> None:
        self._fit(fold)
        self._fold = fold
        self._neighbours.learn(fold.source, fold.known)
        self._fusion = self._chosen(fold)
        self._neighbours.learn(fold.source, fold.before)

    def score(self, part: Targets) -> Scores:
        model, sessions, popularity = self._evidence(part)
        return self._fusion.scores(model, sessions, popularity, part.at - part.starts)

    def _evidence(self, part: Targets) -> tuple[Scores, Scores, Scores]:
        assert self._fold is not None, "fit comes first"
        model = self._model(part) / self._temperature
        # What the model does not know ranks below all it knows, unless neighbours speak for it.
        least = np.where(np.isfinite(model), model, np.inf).min(1, keepdims=True)
        model = np.where(np.isfinite(model), model, np.where(np.isfinite(least), least, 0.0))
        votes = self._neighbours.votes(self._fold.source, part, model.shape[1])
        return model, evidence(votes), evidence(self._fold.counts[: model.shape[1]].astype(float))

    def _chosen(self, fold: Fold) -> Fusion:
        wanted, gains = fold.validation, np.zeros((len(fold.validation), len(CHOICES)))
        step = max(1, min(128, BLOCK // (4 * fold.size)))
        for start in range(0, len(wanted), step):
            part = wanted.part(slice(start, start + step))
            model, sessions, popularity = self._evidence(part)
            hidden = _hidden(fold, part)
            for number, weights in enumerate(CHOICES):
                scores = model + weights.sessions * sessions + weights.popularity * popularity
                gains[start : start + step, number] = ndcg(_places(scores, part.rows, hidden))
        return Fusion.choose(wanted.at - wanted.starts, gains)


def _hidden(fold: Fold, part: Targets) -> Bool:
    """What is never shown, (b, N): padding, and where nothing is repeated what the user has had."""
    hidden = np.zeros((len(part), fold.size), np.bool_)
    hidden[:, :FIRST_ROW] = True
    if not fold.repeats:
        for line, at, start in zip(hidden, part.at, part.starts, strict=True):
            seen = fold.source.rows[start:at]
            line[seen[seen < fold.size]] = True
    return hidden


def _places(scores: Scores, rows: Int64, hidden: Bool) -> Int64:
    """Of each target among what may be shown, as `rank` has it, (b,); `MISS` where it may not."""
    known = (rows >= FIRST_ROW) & (rows < scores.shape[1])
    column = np.where(known, rows, 0)[:, None]
    own = np.take_along_axis(scores, column, axis=1)  # (b, 1)
    before = np.arange(scores.shape[1]) < column
    ahead = ((scores > own) | ((scores == own) & before)) & ~hidden
    shown = known & ~np.take_along_axis(hidden, column, axis=1)[:, 0]
    return np.where(shown, np.count_nonzero(ahead, axis=1), MISS)
