"""Whether what was trained may serve: judged as it would be served, among its rivals.

    challenger and champion, each fused with session neighbours and popularity as its bundle says
    popularity alone

all on the same held-out events and the same catalogue. What the challenger is worth without the
other two scorers is recorded beside that.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from models.job import Job
from models.newcomers import newcomers
from models.parent import Parent
from models.sequence import MASKED, SequenceModel
from models.split import Split
from models.train import scorer
from recaug import evaluation as evaluate
from recaug.batch import Int64
from recaug.evaluation import Bool, Float64, Verdict
from recaug.evaluation.fused import fused
from recaug.evaluation.others import Others
from recaug.evaluation.weighing import choose
from recaug.fusion import Fusion

#: Newest events that the neighbours are taught; the live ones know no more after a start.
TAUGHT = 100_000


@dataclass(frozen=True, slots=True)
class Judgement:
    verdict: Verdict
    fusion: Fusion  # what goes into the challenger's bundle


def judge(job: Job, data: Split, model: SequenceModel, parent: Parent | None) -> Judgement:
    """Weights are chosen on validation, then everybody is ranked on what was held out."""
    others = _Taught(job, data)
    own, fold = _log_odds(model, data), data.fold()
    early = newcomers(job, data, model, fold.known)
    then = others.with_events(fold.known, early.new)
    fusion = choose(replace(fold, size=len(early.new)), early.score, then)
    informed = others.with_events(fold.before, np.zeros(data.rows, np.bool_))
    served = _places(job, data, fused(own, fusion, informed))
    popular = _places(job, data, evaluate.popular(data.source, job.terms.half_life_s, data.rows))
    champion = None
    if parent is not None:
        theirs, _ = parent.model()
        known = Fusion.of_bundle(parent.bundle)
        champion = _places(job, data, fused(_log_odds(theirs, data), known, informed))
    verdict = evaluate.gate(served, champion, popular)
    return Judgement(
        replace(verdict, metrics=verdict.metrics | _more(job, data, own, fusion)), fusion
    )


class _Taught:
    """What neighbours and popularity know at a time."""

    def __init__(self, job: Job, data: Split) -> None:
        self._half_life_s, self._data = job.terms.half_life_s, data
        self._others = Others(data.source)
        self._once = evaluate.firsts(data.source)
        self._newest = evaluate.newest(data.source, min(1.0, TAUGHT / len(data.source.rows)))

    def with_events(self, known: Bool, new: Bool) -> Others:
        """After the `known` (n,) events, of which `new` (N,) rows of a table have none."""
        self._others.learn(known & self._newest, self._counts(known, len(new)), new)
        return self._others

    def _counts(self, known: Bool, size: int) -> Float64:
        once = known & self._once
        rows, times = self._data.source.rows[once], self._data.source.times_ms[once]
        latest = int(times.max(initial=0))
        return evaluate.popularity(rows, times, latest, self._half_life_s, size)


def _places(job: Job, data: Split, score: evaluate.Score) -> Int64:
    return evaluate.ranks(score, data.source, data.test, job.terms.history, data.rows)


def _log_odds(model: SequenceModel, data: Split) -> evaluate.Score:
    """What a smaller table does not know comes last, behind every item it knows."""
    score, heat = scorer(model, data.source), model.encoder.shape.temperature

    def padded(part: evaluate.Targets) -> evaluate.Scores:
        scores = score(part) / heat
        missing = data.rows - scores.shape[1]
        return np.pad(scores, ((0, 0), (0, missing)), constant_values=MASKED)

    return padded


def _more(job: Job, data: Split, own: evaluate.Score, fusion: Fusion) -> dict[str, Any]:
    places = _places(job, data, own)
    alone = float(evaluate.ndcg(places).mean()) if len(places) else 0.0
    return {"model_alone_ndcg@10": alone, "fusion": fusion.plain()}
