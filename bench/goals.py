"""What each bench is to reach, and whether a result does."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from bench.result import Result, shown


@dataclass(frozen=True, slots=True)
class Goal:
    """`measure` of the results of `bench` whose config holds all of `where`, against a bound.

    measure  `ratio`, `ours`, or the name of a figure in the result's config
    """

    bench: str
    measure: str
    sign: Literal["≥", "≤"]
    bound: float
    where: Mapping[str, Any] = field(default_factory=dict)
    peer: str = ""
    unit: str = ""

    def concerns(self, result: Result) -> bool:
        given = {**result.config, "unit": result.unit}
        return (
            result.bench == self.bench
            and result.peer.startswith(self.peer)
            and all(given.get(name) == value for name, value in self.where.items())
            and not math.isnan(self.value(result))
        )

    def value(self, result: Result) -> float:
        """What was measured; not a number where the result has no such figure."""
        if self.measure == "ours":
            return result.ours
        found = result.ratio if self.measure == "ratio" else result.config.get(self.measure)
        return float(found) if isinstance(found, (int, float)) else math.nan

    def met(self, result: Result) -> bool:
        value = self.value(result)
        return value >= self.bound if self.sign == "≥" else value <= self.bound

    def __str__(self) -> str:
        name = "" if self.measure == "ours" else f"{self.measure} "
        number = f"{self.bound:,.10g}"
        return f"{name}{self.sign} {number}{' ' + self.unit if self.unit else ''}"


def _learned(data: str, hr: float, ndcg: float) -> tuple[Goal, Goal]:
    """Of leave-one-out, per cent."""
    return (
        Goal("learn", "ours", "≥", hr, {"data": data, "unit": "% HR@10"}, unit="%"),
        Goal("learn", "ours", "≥", ndcg, {"data": data, "unit": "% NDCG@10"}, unit="%"),
    )


GOALS = (
    Goal("ingest", "ratio", "≥", 50, peer="stock Faust"),
    Goal("ingest", "ratio", "≥", 2.5, peer="Quix"),
    Goal("latency", "ours", "≤", 12, {"rate": 100, "fine_tune": False}, unit="ms"),
    Goal("latency", "ours", "≤", 40, {"rate": 1_000, "fine_tune": False}, unit="ms"),
    Goal("latency", "ratio", "≥", 20, {"rate": 1_000, "fine_tune": False}, peer="stock Faust"),
    Goal("latency", "times_without", "≤", 3, {"rate": 1_000, "fine_tune": True}),
    Goal("saturation", "ours", "≥", 3_000, unit="events/s"),
    Goal("score", "ratio", "≥", 4, {"batch": 64, "precision": "fp32"}, peer="torch"),
    Goal("score", "ratio", "≥", 1.5, {"precision": "int8", "batch": 64, "items": 100_000}, "ours"),
    Goal(
        "score", "ratio", "≥", 1.5, {"precision": "int8", "batch": 64, "items": 1_000_000}, "ours"
    ),
    Goal("score", "overlap", "≥", 0.97, {"precision": "int8"}),
    Goal("score", "p50_ms", "≤", 5, {"batch": 1, "items": 100_000, "precision": "fp32"}),
    Goal("state", "ratio", "≥", 10, {"store": "redis"}, peer="one command"),
    Goal("state", "ours", "≤", 700, {"unit": "MB/million users"}, unit="MB"),
    Goal("freshness", "ours", "≤", 60, {"what": "event to model"}, unit="s"),
    Goal("freshness", "ours", "≤", 2, {"what": "item to list"}, unit="s"),
    Goal("growth", "times_base", "≤", 1.2),
    Goal("train", "ratio", "≥", 2, peer="RecTools"),
    *_learned("ML-100K", hr=18, ndcg=9.5),
    *_learned("Beauty", hr=9.3, ndcg=5.4),
    *_learned("Beauty with titles", hr=10, ndcg=5.8),
    *_learned("Toys", hr=9.8, ndcg=5.9),
    *_learned("Sports", hr=5.8, ndcg=3.3),
    *_learned("ML-1M", hr=32, ndcg=18.8),
    Goal("learn", "ratio", "≥", 1, {"data": "Diginetica", "model": "neural"}),
    Goal("learn", "gain", "≥", 2, {"data": "Diginetica", "model": "ours", "unit": "% HR@20"}),
    Goal("learn", "gain", "≥", 1, {"data": "Diginetica", "model": "ours", "unit": "% MRR@20"}),
    *(
        Goal("learn", "ours", "≥", bound, {"data": "Beauty by time", "part": part}, unit="%")
        for part, bound in (("all", 5.6), ("warm", 7.6), ("cold", 3.5), ("few", 2.8))
    ),
    # Above 0: as good as nothing is no lift.
    *(
        Goal("social", "low", "≥", 0.001, {"signal": signal, "part": "all", "unit": "% NDCG@10"})
        for signal in ("friends", "words")
    ),
    *(
        Goal("shift", "ours", "≤", 200, {"scorer": scorer, "change": "taste"}, unit="events")
        for scorer in ("popularity", "neighbours")
    ),
    Goal("shift", "fine_tunes", "≤", 1, {"scorer": "model", "change": "taste"}),
)


def goals_of(result: Result) -> list[Goal]:
    """The goals a result is measured by; none where it is only reported."""
    return [goal for goal in GOALS if goal.concerns(result)]


def verdict(result: Result) -> str:
    """The goals of a result and whether each is met, in a few words; empty without goals."""
    parts = []
    for goal in goals_of(result):
        answer = "met" if goal.met(result) else f"MISSED: {shown(goal.value(result))}"
        parts.append(f"{goal} {answer}")
    return "; ".join(parts)
