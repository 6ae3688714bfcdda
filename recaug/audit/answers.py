"""The recommendations of a run: which were due, which came, how fast, by which model."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import orjson

from recaug.kafka import Record


@dataclass(slots=True)
class Answers:
    """Tally of the output topic against what is due.

    `due_ms`: for every recommendation id that must come, when the broker took the source event.
    """

    due_ms: dict[str, int]
    delivered: int = 0
    seen: set[str] = field(default_factory=set)
    fallback: Counter[str] = field(default_factory=Counter)
    latency_ms: list[int] = field(default_factory=list)
    versions: dict[int, list[str | None]] = field(default_factory=dict)

    def add(self, record: Record) -> None:
        """Count one record of the output topic; those of earlier runs are passed over."""
        message = orjson.loads(record.value or b"{}")
        name = message.get("recommendation_id")
        due_ms = self.due_ms.get(name)
        if due_ms is None:
            return
        self.delivered += 1
        if name in self.seen:
            return
        self.seen.add(name)
        self.latency_ms.append(record.timestamp_ms - due_ms)
        if message.get("fallback") is not None:
            self.fallback[message["fallback"]] += 1
        self._note_version(record.partition, (message.get("model") or {}).get("version"))

    def _note_version(self, partition: int, version: str | None) -> None:
        seen = self.versions.setdefault(partition, [])
        # Only changes are kept. An answer without a model after one with a model is a worker that
        # has just started, not a change of model.
        if not seen or (version is not None and version != seen[-1]):
            seen.append(version)

    @property
    def missing(self) -> list[str]:
        """Ids that were due and did not come."""
        return [name for name in self.due_ms if name not in self.seen]

    @property
    def swaps(self) -> int:
        """How often a model took over from another, or from none.

        One worker answers a partition, so changes are counted within each and the most is taken:
        across partitions the workers of a service change over one after the other.
        """
        return max((len(seen) - 1 for seen in self.versions.values()), default=0)

    @property
    def served(self) -> frozenset[str]:
        """Versions of models that answered something."""
        return frozenset(v for seen in self.versions.values() for v in seen if v is not None)


def percentiles(values: Sequence[int]) -> dict[str, float | None]:
    """Return p50, p90 and p99 by nearest rank; None without values."""
    ordered = sorted(values)

    def rank(percent: int) -> float | None:
        above = -(-len(ordered) * percent // 100)  # rounded up
        return float(ordered[above - 1]) if ordered else None

    return {"p50": rank(50), "p90": rank(90), "p99": rank(99)}
