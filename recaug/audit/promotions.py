"""Which models may answer when: what `recaug.models` announced."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from recaug.audit.findings import Check, Findings
from recaug.kafka import Record

#: Two brokers' clocks may differ by so much.
SKEW_MS = 1_000
#: Workers take over a new model one after the other, each when it has loaded and checked it: a
#: partition that changes hands meanwhile may go back for so long.
CHANGEOVER_MS = 30_000


class Promotions:
    """Versions announced as promoted, when, and in which order they became champion."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._first_ms: dict[str, int] = {}
        self._own: set[str] = set()  # versions whose own announcement is kept, so the first is
        self._champions: list[tuple[int, str]] = []

    def add(self, record: Record) -> Mapping[str, Any] | None:
        """Take in a record of the topic; return the attempt it tells of, if it is one."""
        told = _document(record.value)
        if told is None or record.key is None or not isinstance(told.get("version"), str):
            return None
        key, version = record.key.decode("utf-8", "replace"), told["version"]
        if told.get("promoted") and told.get("name") == self._name:
            self._first_ms.setdefault(version, record.timestamp_ms)
            if key == self._name:
                self._champions.append((record.timestamp_ms, version))
            else:
                self._own.add(version)
        return told if "/" in key else None

    def check(self, version: str, at_ms: int) -> Check | None:
        """What is wrong with an answer by `version` at a time, if anything is."""
        first_ms = self._first_ms.get(version)
        if first_ms is None:
            return Check.MODEL_UNKNOWN
        if version in self._own and at_ms < first_ms - SKEW_MS:
            return Check.MODEL_EARLY
        return None

    def rank(self, version: str, at_ms: int) -> int | None:
        """Place of a version among the champions up to a time; None where compaction ate it."""
        known = (
            place
            for place in range(len(self._champions) - 1, -1, -1)
            if self._champions[place][1] == version and self._champions[place][0] <= at_ms + SKEW_MS
        )
        return next(known, None)

    def went_back(self, before: str, after: str, at_ms: int) -> bool:
        """Whether answering by `after` once `before` answered is a step back nobody ordered."""
        ranks = self.rank(before, at_ms), self.rank(after, at_ms)
        if ranks[0] is None or ranks[1] is None or ranks[1] > ranks[0]:
            return False
        return at_ms > self._champions[ranks[0]][0] + CHANGEOVER_MS


class Served:
    """Versions that answered, by partition of the output in its order."""

    def __init__(self, promotions: Promotions, findings: Findings) -> None:
        self._promotions, self._findings = promotions, findings
        self._seen: dict[int, list[str | None]] = {}

    def add(self, partition: int, version: str | None, at_ms: int, where: str) -> None:
        """Note an answer. One without a model after one with a model is a worker that has just
        started, not a change of model."""
        seen = self._seen.setdefault(partition, [])
        if version is not None and (wrong := self._promotions.check(version, at_ms)):
            self._findings.add(wrong, f"{where} by {version}")
        if seen and version in (None, seen[-1]):
            return
        if seen and seen[-1] is not None and version is not None:
            self._check_step(seen[-1], version, at_ms, where)
        seen.append(version)

    def _check_step(self, before: str, after: str, at_ms: int, where: str) -> None:
        if self._promotions.went_back(before, after, at_ms):
            self._findings.add(Check.MODEL_BACK, f"{where} by {after} after {before}")

    @property
    def swaps(self) -> int:
        """How often a model took over from another, or from none.

        One worker answers a partition, so changes are counted within each and the most is taken:
        across partitions the workers of a service change over one after the other.
        """
        return max((len(seen) - 1 for seen in self._seen.values()), default=0)

    @property
    def versions(self) -> frozenset[str]:
        """Versions of models that answered something."""
        return frozenset(v for seen in self._seen.values() for v in seen if v is not None)


def _document(value: bytes | None) -> Mapping[str, Any] | None:
    try:
        told = orjson.loads(value or b"null")
    except orjson.JSONDecodeError:
        return None
    return told if isinstance(told, dict) else None
