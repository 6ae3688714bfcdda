"""Whether a challenger may serve: judged by the same held-out events as its rivals."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from recaug.batch import Int64
from recaug.evaluation.metrics import Float64, hits, ndcg
from recaug.evaluation.sequential import radius

#: Fewer held-out targets than this decide nothing.
LEAST = 50
#: How far below the champion a challenger may be, as a share: this much always, since it knows what
#: happened since; what noise explains beyond it; and never more than the second.
FREE_LOSS, WORST_LOSS = 0.005, 0.02


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether the challenger may serve, in words and figures."""

    promoted: bool
    reason: str
    metrics: dict[str, Any]


def gate(challenger: Int64, champion: Int64 | None, popularity: Int64) -> Verdict:
    """Judge the places that three rankings give the same held-out targets; all (T,).

    Promoted iff NDCG@10 beats recent popularity beyond chance (95 %, paired, and so at every
    fine-tune: `recaug.evaluation.sequential`) and is not below the champion's by more than noise
    explains (one standard error, between 0.5 % and 2 %).
    """
    rivals = {"challenger": challenger, "popularity": popularity}
    if champion is not None:
        rivals["champion"] = champion
    metrics: dict[str, Any] = {"targets": len(challenger)}
    metrics |= {name: _summary(places) for name, places in rivals.items()}
    if len(challenger) < LEAST:
        few = f"only {len(challenger)} held-out events to judge by, at least {LEAST} are needed"
        return Verdict(False, few, metrics)
    own, other = metrics["challenger"]["ndcg@10"], metrics["popularity"]["ndcg@10"]
    metrics["over_popularity"] = _interval(ndcg(challenger) - ndcg(popularity))
    if metrics["over_popularity"][0] <= 0:
        return Verdict(False, f"does not beat popularity: {_versus(own, other)}", metrics)
    reason = f"beats popularity: {_versus(own, other)}"
    if champion is None:
        return Verdict(True, reason, metrics)
    best = metrics["champion"]["ndcg@10"]
    gain = ndcg(challenger) - ndcg(champion)
    metrics["over_champion"] = _interval(gain)
    noise = float(gain.std()) / math.sqrt(len(gain))
    metrics["tolerance"] = min(max(noise, FREE_LOSS * best), WORST_LOSS * best)
    if own < best - metrics["tolerance"]:
        return Verdict(False, f"loses to the champion: {_versus(own, best)}", metrics)
    return Verdict(True, f"{reason}; the champion has {best:.4f}", metrics)


def _summary(places: Int64) -> dict[str, float]:
    if not len(places):
        return {"ndcg@10": 0.0, "hr@10": 0.0}
    return {"ndcg@10": float(ndcg(places).mean()), "hr@10": float(hits(places).mean())}


def _interval(gains: Float64) -> list[float]:
    """Where the mean of paired differences lies."""
    mean, half = float(gains.mean()), radius(len(gains), float(gains.var()), len(gains))
    return [mean - half, mean + half]


def _versus(own: float, other: float) -> str:
    return f"NDCG@10 {own:.4f} against {other:.4f}"
