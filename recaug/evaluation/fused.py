"""Model, session neighbours and popularity as one list (`recaug.fusion`), judged as it is served.

Others        what neighbours and popularity say of targets
choose        the weights that validate best
fused         all three as one score
Fused         as a contender

A model's score is in log-odds here, −inf for what it knows nothing of.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from recaug.batch import FIRST_ROW, Int64, Sequences
from recaug.evaluation import again
from recaug.evaluation.baselines.sessionknn import Neighbours
from recaug.evaluation.metrics import Float64, ndcg
from recaug.evaluation.popularity import firsts
from recaug.evaluation.ranking import BLOCK, MISS, Score, Scores
from recaug.evaluation.splits import Fold
from recaug.evaluation.targets import Bool, Targets
from recaug.fusion import CHOICES, NEW, Fusion, evidence, favour

#: Scores that weights are chosen by, most; of so many targets as this leaves.
WEIGHED = 50_000_000


class Others:
    """The second and third scorer, taught as far as the first."""

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

    def say(self, part: Targets, size: int) -> tuple[Scores, Scores]:
        """Evidence of neighbours (b, `size`) and of popularity (`size`,)."""
        votes = self._neighbours.votes(self._source, part, size)
        return evidence(votes), self._favour[:size]

    def new(self, own: Scores) -> Bool:
        """Rows without an event that the model, scores (b, N), knows by their text all the same."""
        known: Bool = np.asarray(np.isfinite(own).all(axis=0))
        return self._new[: own.shape[1]] & known


def fused(model: Score, fusion: Fusion, others: Others) -> Score:
    """The scores that are served."""

    def scores(part: Targets) -> Scores:
        own = model(part)
        said = others.say(part, own.shape[1])
        return fusion.scores(_finite(own), *said, others.new(own), part.at - part.starts)

    return scores


def choose(fold: Fold, model: Score, others: Others) -> Fusion:
    """The weights that rank the validation targets best; `others` have not learned from them."""
    wanted = _thinned(fold.validation, WEIGHED // fold.size)

    def each(part: Targets) -> Iterator[Scores]:
        own = model(part)
        sessions, popularity = others.say(part, own.shape[1])
        own = _finite(own)
        for weights in CHOICES:
            yield own + weights.sessions * sessions + weights.popularity * popularity

    fusion = Fusion.choose(wanted.at - wanted.starts, _gains(fold, wanted, each, len(CHOICES)))

    if not len(wanted) or not fold.arriving:
        return fusion
    # What a model knows does not go by the target, so one of them tells.
    new = others.new(model(wanted.part(slice(1))))
    of_new = np.append(new, False)[np.minimum(wanted.rows, len(new))]
    if not of_new.any():
        return fusion
    score = fused(model, fusion, others)

    def lifted(part: Targets) -> Iterator[Scores]:
        scores = score(part)
        yield from (scores + lift * new for lift in NEW)

    return fusion.with_new(_gains(fold, wanted, lifted, len(NEW)), of_new)


def _gains(
    fold: Fold, wanted: Targets, each: Callable[[Targets], Iterator[Scores]], count: int
) -> Float64:
    """NDCG@10 of each target under each of `count` choices, (T, count)."""
    gains = np.zeros((len(wanted), count))
    step = max(1, min(128, BLOCK // (4 * fold.size)))
    for start in range(0, len(wanted), step):
        part = wanted.part(slice(start, start + step))
        hidden = _hidden(fold, part)
        for number, scores in enumerate(each(part)):
            gains[start : start + step, number] = ndcg(_places(scores, part.rows, hidden))
    return gains


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


def _finite(own: Scores) -> Scores:
    """What the model does not know ranks below all it knows, unless others speak for it."""
    least = np.where(np.isfinite(own), own, np.inf).min(1, keepdims=True)
    return np.where(np.isfinite(own), own, np.where(np.isfinite(least), least, 0.0))


def _thinned(targets: Targets, most: int) -> Targets:
    return targets.part(slice(None, None, max(1, -(-len(targets) // max(1, most)))))


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
