"""Model, session neighbours and popularity as one list (`recaug.fusion`), judged as it is served.

    fused         all three as one score
    Fused         as a contender

A model's score is in log-odds here, −inf for what it knows nothing of.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from recaug.evaluation import again
from recaug.evaluation.others import Others, finite
from recaug.evaluation.popularity import firsts
from recaug.evaluation.ranking import Score, Scores
from recaug.evaluation.splits import Fold
from recaug.evaluation.targets import Bool, Targets
from recaug.evaluation.weighing import choose
from recaug.fusion import Fusion


def fused(model: Score, fusion: Fusion, others: Others) -> Score:
    """The scores that are served."""

    def scores(part: Targets) -> Scores:
        own, lengths = model(part), part.at - part.starts
        size = own.shape[1]
        votes = others.votes(part, size, fusion.reach(lengths))
        return fusion.scores(finite(own), votes, others.liked(size), others.new(own), lengths)

    return scores


class Fused:
    """Weights are chosen on validation, before any of the three learns from it."""

    def __init__(
        self, name: str, fit: Callable[[Fold], None], score_known: Score, score: Score
    ) -> None:
        """`fit` makes sure that the model knows a fold.

        `score_known` is without what validates, `score` with it, if it may be.
        """
        self.name, self._fit = name, fit
        self._known, self._model = score_known, score
        self._others: Others | None = None
        self._score: Score | None = None

    def fit(self, fold: Fold) -> None:
        self._fit(fold)
        others = self._others = self._others or Others(fold.source)
        once = firsts(fold.source)

        def learn(events: Bool) -> None:
            rows = fold.source.rows[events & once]
            counts = np.bincount(rows, minlength=len(fold.counts))
            others.learn(events, counts, counts == 0)

        learn(fold.known)
        fusion = choose(fold, self._known, others)
        weights = again.choose(fold, fused(self._known, fusion, others))
        learn(fold.before)
        self._score = again.lifted(fused(self._model, fusion, others), fold.source, weights)

    def score(self, part: Targets) -> Scores:
        assert self._score is not None, "fit comes first"
        return self._score(part)
