"""Recent popularity, with the half-life that validates best."""

from __future__ import annotations

import math

from recaug.evaluation.contenders import best
from recaug.evaluation.popularity import popular
from recaug.evaluation.ranking import Score, Scores
from recaug.evaluation.splits import Fold
from recaug.evaluation.targets import Targets

#: Half-lives that are tried, seconds: an hour to for ever.
HALF_LIVES_S = (3_600.0, 86_400.0, 7 * 86_400.0, 30 * 86_400.0, 365 * 86_400.0, math.inf)


class Popular:
    """The same list for everybody at a time."""

    name = "popular"

    def __init__(self) -> None:
        self._score: Score | None = None

    def fit(self, fold: Fold) -> None:
        def known(half_life_s: float) -> Score:
            return popular(fold.source, half_life_s, fold.size, fold.known)

        chosen = best(HALF_LIVES_S, known, fold)
        self._score = popular(fold.source, chosen, fold.size, fold.before)

    def score(self, part: Targets) -> Scores:
        assert self._score is not None, "fit comes first"
        return self._score(part)
