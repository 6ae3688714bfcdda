"""The report as a document, and what in it makes a run a failure."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

#: A run at least this long must have promoted a model and served it, seconds.
LEARNS_WITHIN_S = 120.0


@dataclass(frozen=True, slots=True)
class Events:
    """Input records. published = accepted + rejected + duplicates + missing."""

    published: int
    accepted: int
    rejected: dict[str, int]
    duplicates: int
    missing: int


@dataclass(frozen=True, slots=True)
class Recommendations:
    """Answers. expected = distinct + missing; delivered counts repeats as well."""

    expected: int
    delivered: int
    distinct: int
    missing: int
    fallback: dict[str, int]


@dataclass(frozen=True, slots=True)
class Model:
    """One attempt at a model, as announced; `served`: whether it answered anything."""

    version: str
    parent: str | None
    events: int
    promoted: bool
    reason: str
    metrics: dict[str, Any]
    train_seconds: float
    device: str
    served: bool


@dataclass(frozen=True, slots=True)
class Report:
    """What happened between two moments, as seen in the topics; latencies in milliseconds."""

    seconds: float
    events: Events
    recommendations: Recommendations
    latency_ms: dict[str, float | None]
    models: tuple[Model, ...]
    swaps: int
    lag: dict[str, int]

    def to_dict(self) -> dict[str, Any]:
        """The JSON document."""
        return asdict(self)


def failures(report: Report, must_learn: bool) -> list[str]:
    """Return what makes the run a failure, one sentence each; empty when all is well.

    :param must_learn: whether a model had to be promoted and to answer something.
    """
    found = []
    if report.events.missing:
        found.append(
            f"{report.events.missing} input records are neither accepted, rejected nor resends"
        )
    if report.recommendations.missing:
        found.append(f"{report.recommendations.missing} accepted events were not answered")
    if must_learn:
        found += _not_learned(report)
    return found


def _not_learned(report: Report) -> list[str]:
    promoted = [model for model in report.models if model.promoted]
    if not promoted:
        return [f"no model was promoted ({len(report.models)} were trained)"]
    if not any(model.served for model in promoted):
        return ["a model was promoted but none answered anything"]
    return []
