"""What the records of the topics say, counted: answers, refusals, models, and how good lists are.

    Tally    fold(record) for every record looked at, count(topic, n) for every one written

A counter begins at nothing with the process, as Prometheus' counters may. Anybody may write to a
topic: a label is one of a closed list, or the version of the one model that is followed.
"""

from __future__ import annotations

import logging
import re
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any, get_args

import orjson

from recaug.deadletters.marks import is_mark
from recaug.events import Reason
from recaug.events.recommendation import Fallback
from recaug.exporter import families as f
from recaug.exporter.freshness import Delays, Pairs
from recaug.exposition import Family, Sample, text
from recaug.kafka import Record
from recaug.prequential import exposition
from recaug.prequential.record import Record as Metric
from recaug.prequential.totals import Totals
from recaug.promotion import LABEL
from recaug.settings import Settings
from recaug.topics import Topics

log = logging.getLogger(__name__)

KINDS = ("events", "recommendations", "dead_letters")
FALLBACKS = ("none", *get_args(Fallback), "unknown")
REASONS = (*map(str, Reason), "unknown")
RANKERS = ("challenger", "champion", "popularity")
OUTCOMES = ("promoted", "refused")


class Tally:
    """Not thread-safe; `recaug.page.feed.Reader` is its only caller."""

    def __init__(self, settings: Settings) -> None:
        topics = settings.topics
        self._model = settings.model
        self._written: Counter[str] = Counter()
        self._letters: Counter[str] = Counter()
        self._answers: Counter[str] = Counter()
        self._attempts: Counter[str] = Counter()
        self._pairs, self._delays = Pairs(), Delays()
        self._totals = Totals()
        self._version: str | None = None
        self._promoted_s: float | None = None
        self._trained_s: float | None = None
        self._gate: dict[str, float] = {}
        self._folds: dict[str, Callable[[Record], None]] = {
            **{topic.name: self._arrived for topic in topics.behaviour},
            topics.models.name: self._announced,
            topics.metrics.name: self._measured,
            topics.dead_letters.name: self._refused,
            topics.recommendations.name: self._answered,
        }

    @property
    def topics(self) -> tuple[str, ...]:
        """Names of the topics it wants to see."""
        return tuple(self._folds)

    def count(self, topic: str, number: int, topics: Topics) -> None:
        """Note that `number` records were written to a topic, looked at or not."""
        if topic in {t.name for t in topics.behaviour}:
            self._written["events"] += number
        elif topic == topics.recommendations.name:
            self._written["recommendations"] += number
        elif topic == topics.dead_letters.name:
            self._written["dead_letters"] += number

    def fold(self, record: Record, now_ms: float) -> None:
        """Take in one record; one that cannot be understood is logged and not counted."""
        try:
            self._folds[record.topic](record)
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            place = f"{record.topic} {record.partition}:{record.offset}"
            log.debug("%s is not counted: %s: %s", place, type(error).__name__, error)

    def _arrived(self, record: Record) -> None:
        event_id = orjson.loads(record.value or b"")["event_id"]
        if isinstance(event_id, str):
            self._delays.add(self._pairs.event(event_id, record.timestamp_ms))

    def _answered(self, record: Record) -> None:
        answer = orjson.loads(record.value or b"")
        fallback = answer.get("fallback") or "none"
        self._answers[fallback if fallback in FALLBACKS else "unknown"] += 1
        event_id = str(answer["source_event"]["event_id"])
        self._delays.add(self._pairs.list(event_id, record.timestamp_ms))

    def _refused(self, record: Record) -> None:
        if is_mark(record):
            return
        told = record.header("__streams.errors.exception") or b""
        reason = told.decode(errors="replace")
        self._letters[reason if reason in REASONS else "unknown"] += 1

    def _measured(self, record: Record) -> None:
        told = Metric.parse(record.value or b"")
        if told.model == self._model:
            self._totals.add(told)

    def _announced(self, record: Record) -> None:
        """An attempt has the key `name/version`, a promotion or rollback the bare name."""
        name, _, version = (record.key or b"").decode().partition("/")
        if name != self._model or record.value is None:
            return
        told = orjson.loads(record.value)
        if version:
            self._attempts[OUTCOMES[0] if told["promoted"] is True else OUTCOMES[1]] += 1
            self._trained_s = record.timestamp_ms / 1000
            self._gate = dict(_gate(told.get("metrics") or {}))
        elif re.fullmatch(LABEL, told["version"]):
            self._version, self._promoted_s = told["version"], record.timestamp_ms / 1000

    def metrics(self) -> str:
        """All families of what was read."""
        return "".join(text(*family) for family in self._families()) + exposition.text(self._totals)

    def _families(self) -> Iterator[tuple[Family, list[Sample]]]:
        yield f.RECORDS, _each("kind", KINDS, self._written)
        yield f.DEAD_LETTERS, _each("reason", REASONS, self._letters)
        yield f.ANSWERS, _each("fallback", FALLBACKS, self._answers)
        yield f.FRESHNESS, list(self._delays.samples())
        model = {"model": self._model}
        yield (
            f.ATTEMPTS,
            [Sample({**model, **s.labels}, s.value)
             for s in _each("outcome", OUTCOMES, self._attempts)],
        )  # fmt: skip
        yield f.GATE, [Sample({**model, "ranker": r}, value) for r, value in self._gate.items()]
        if self._version is not None:
            yield f.MODEL, [Sample({**model, "version": self._version}, 1)]
        for family, at_s in ((f.PROMOTED, self._promoted_s), (f.TRAINED, self._trained_s)):
            if at_s is not None:
                yield family, [Sample(model, at_s)]


def _each(label: str, values: tuple[str, ...], counts: Counter[str]) -> list[Sample]:
    """Those never met are 0: a rate needs to have seen what was before the first."""
    return [Sample({label: value}, counts[value]) for value in values]


def _gate(metrics: dict[str, Any]) -> Iterator[tuple[str, float]]:
    for ranker in RANKERS:
        value = (metrics.get(ranker) or {}).get("ndcg@10")
        if isinstance(value, int | float):
            yield ranker, value
