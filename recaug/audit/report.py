"""The report as a document, and what in it makes a run a failure."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from recaug.audit.findings import DOUBLED, Problem

#: A run at least this long must have promoted a model and served it, seconds.
LEARNS_WITHIN_S = 120.0


@dataclass(frozen=True, slots=True)
class Events:
    """Input events. published = accepted + rejected + duplicates + missing + waiting + expired.

    accepted    distinct events in recaug.events
    duplicates  resends, dropped by clean or by every reader
    copies      further records in recaug.events of the same source: readers drop them
    both        accepted and, by another run of clean, among the dead letters
    waiting     not yet acknowledged by clean
    expired     so old that what they became may have been deleted by retention
    """

    published: int
    accepted: int
    rejected: dict[str, int]
    duplicates: int
    missing: int
    waiting: int = 0
    expired: int = 0
    copies: int = 0
    both: int = 0


@dataclass(frozen=True, slots=True)
class DocumentCounts:
    """Items and users. published = accepted + rejected + replaced + missing + waiting + expired."""

    published: int
    accepted: int
    rejected: dict[str, int]
    replaced: int
    missing: int
    waiting: int
    expired: int


@dataclass(frozen=True, slots=True)
class Recommendations:
    """Answers. expected = distinct + superseded + erased + missing + waiting.

    delivered   all answers to what was due, repeats as well
    copies      repeats: the same answer to the same event, dropped by its id
    superseded  events answered by the answer to a newer event of their user
    erased      events of users who were erased before they were answered
    waiting     not yet acknowledged by recommend
    expired     so old that their answers may have been deleted; not among the expected
    unasked     answers to events of kinds that need none
    """

    expected: int
    delivered: int
    distinct: int
    missing: int
    fallback: dict[str, int]
    superseded: int = 0
    erased: int = 0
    waiting: int = 0
    expired: int = 0
    copies: int = 0
    unasked: int = 0


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
    """What happened between two moments, as seen in the topics; latencies in milliseconds.

    `state` says in words what was compared with the log: learn's checkpoint, recommend's store.
    """

    seconds: float
    events: Events
    documents: DocumentCounts
    recommendations: Recommendations
    latency_ms: dict[str, float | None]
    models: tuple[Model, ...]
    swaps: int
    lag: dict[str, int]
    state: dict[str, str]
    problems: tuple[Problem, ...]

    @property
    def missing(self) -> int:
        """Records of which nothing became, though something had to."""
        return self.events.missing + self.documents.missing + self.recommendations.missing

    @property
    def doubled(self) -> int:
        """Effects that happened twice."""
        return sum(problem.count for problem in self.problems if problem.check in DOUBLED)

    def to_dict(self) -> dict[str, Any]:
        """The JSON document."""
        return {**asdict(self), "missing": self.missing, "doubled": self.doubled}


def failures(report: Report, must_learn: bool) -> list[str]:
    """Return what makes the run a failure, one sentence each; empty when all is well.

    :param must_learn: whether a model had to be promoted and to answer something.
    """
    found = [problem.words for problem in report.problems]
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
