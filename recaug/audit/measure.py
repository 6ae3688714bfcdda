"""Read the topics of a run and count."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import orjson

from recaug.audit.answers import Answers, percentiles
from recaug.audit.bulk import read_range
from recaug.audit.report import Events, Model, Recommendations, Report
from recaug.audit.sources import ACCEPTED, REJECTED, Sources, coordinates
from recaug.events import Rejection, parse_event, recommendation_id
from recaug.kafka import Offsets, Record, admin, end_offsets, lag
from recaug.settings import Settings

_ERROR = "__streams.errors."


@dataclass(frozen=True, slots=True)
class Begin:
    """Where every topic ended when the run began."""

    offsets: Offsets


def begin(settings: Settings) -> Begin:
    """Mark the beginning of a run; call it before traffic starts."""
    return Begin(end_offsets(settings.kafka, [topic.name for topic in settings.topics.all]))


def audit(
    settings: Settings, since: Begin, seconds: float, inputs_end: Offsets | None = None
) -> Report:
    """Count what became of everything published since `since`.

    :param inputs_end: input records from here on are too young to count; default: all that are.

    :raises Unreachable: the broker does not answer.
    """
    return _Audit(settings, since.offsets, inputs_end).report(seconds)


class _Audit:
    def __init__(self, settings: Settings, since: Offsets, inputs_end: Offsets | None) -> None:
        self.settings, self.since = settings, since
        self.topics = settings.topics
        self.behaviour = [topic.name for topic in settings.topics.behaviour]
        self.inputs_end = inputs_end or end_offsets(settings.kafka, self.behaviour)
        self.rejected: Counter[str] = Counter()
        self.duplicates = 0
        self.accepted: dict[str, int | None] = {}  # event id → taken at, None: not answered

    def report(self, seconds: float) -> Report:
        sources = self._sources()
        self._reject(sources)
        self._accept(sources)
        answers = self._answers()
        missing = self._explain(sources, answers)
        return Report(
            seconds=round(seconds, 3),
            events=self._events(sources, missing),
            recommendations=_recommendations(answers),
            latency_ms=percentiles(answers.latency_ms),
            models=tuple(self._models(answers.served)),
            swaps=answers.swaps,
            lag=self._lag(),
        )

    def _new(self, topic: str) -> Iterator[Record]:
        end = end_offsets(self.settings.kafka, [topic])
        return read_range(self.settings.kafka, self.since, end)

    def _sources(self) -> Sources:
        ends = {at: end for at, end in self.inputs_end.items() if at[0] in self.behaviour}
        sources = Sources(self.since, ends)
        for record in read_range(self.settings.kafka, self.since, ends):
            sources.add(record)
        return sources

    def _reject(self, sources: Sources) -> None:
        for record in self._new(self.topics.dead_letters.name):
            source = _origin(record)
            if source is not None and sources.settle(*source, REJECTED) is not None:
                self.rejected[_text(record, "exception")] += 1

    def _accept(self, sources: Sources) -> None:
        for record in self._new(self.topics.events.name):
            source = coordinates(record.header("src"))
            taken_ms = sources.settle(*source, ACCEPTED) if source is not None else None
            if taken_ms is None:
                continue
            event = orjson.loads(record.value or b"{}")
            if event["event_id"] in self.accepted:
                self.duplicates += 1
            else:
                due = event["event"] in self.settings.answer
                self.accepted[event["event_id"]] = taken_ms if due else None

    def _answers(self) -> Answers:
        due = {recommendation_id(e): at for e, at in self.accepted.items() if at is not None}
        answers = Answers(due)
        for record in self._new(self.topics.recommendations.name):
            answers.add(record)
        return answers

    def _explain(self, sources: Sources, answers: Answers) -> int:
        """Find resends among what is unaccounted for; return how many records remain."""
        unread = list(self._unread(sources))
        doubtful = self._events_of(set(answers.missing))
        known = self._known_before(doubtful | {e for e in unread if e is not None})
        for event_id in doubtful & known:
            # Accepted again by a clean that had forgotten it, and rightly not answered again.
            del answers.due_ms[recommendation_id(event_id)]
            del self.accepted[event_id]
            self.duplicates += 1
        known |= self.accepted.keys()
        resent = sum(event_id in known for event_id in unread)
        self.duplicates += resent
        return len(unread) - resent

    def _events_of(self, recommendations: set[str]) -> set[str]:
        if not recommendations:
            return set()
        return {e for e in self.accepted if recommendation_id(e) in recommendations}

    def _unread(self, sources: Sources) -> Iterator[str | None]:
        """Yield the event ids of records without a fate; None for one that should be rejected."""
        for at, offsets in sources.open():
            wanted = set(offsets)
            span = read_range(self.settings.kafka, {at: offsets[0]}, {at: offsets[-1] + 1})
            yield from (
                _event_id(record, self.settings) for record in span if record.offset in wanted
            )

    def _known_before(self, wanted: set[str]) -> set[str]:
        """Return those of `wanted` that were accepted before the run."""
        if not wanted:
            return set()
        name = self.topics.events.name
        before = {at: end for at, end in self.since.items() if at[0] == name}
        events = read_range(self.settings.kafka, {}, before)
        return {orjson.loads(record.value or b"{}")["event_id"] for record in events} & wanted

    def _events(self, sources: Sources, missing: int) -> Events:
        return Events(
            published=sources.published,
            accepted=len(self.accepted),
            rejected=dict(self.rejected.most_common()),
            duplicates=self.duplicates,
            missing=missing,
        )

    def _models(self, served: frozenset[str]) -> Iterator[Model]:
        for record in self._new(self.topics.models.name):
            if record.key is not None and b"/" in record.key and record.value is not None:
                told = orjson.loads(record.value)
                fields = {name: told.get(name) for name in _MODEL_FIELDS}
                yield Model(**fields, served=told["version"] in served)

    def _lag(self) -> dict[str, int]:
        reads = {
            "clean": [topic.name for topic in self.topics.inputs],
            "learn": [self.topics.events.name],
            "recommend": [self.topics.events.name],
        }
        with admin(self.settings.kafka) as client:
            return {
                service: sum(lag(client, self.settings.group(service), topics).values())
                for service, topics in reads.items()
            }


_MODEL_FIELDS = tuple(name for name in Model.__dataclass_fields__ if name != "served")


def _recommendations(answers: Answers) -> Recommendations:
    return Recommendations(
        expected=len(answers.due_ms),
        delivered=answers.delivered,
        distinct=len(answers.seen),
        missing=len(answers.missing),
        fallback=dict(answers.fallback.most_common()),
    )


def _origin(record: Record) -> tuple[str, int, int] | None:
    where = f"{_text(record, 'topic')}:{_text(record, 'partition')}:{_text(record, 'offset')}"
    return coordinates(where.encode())


def _text(record: Record, name: str) -> str:
    return (record.header(_ERROR + name) or b"").decode("utf-8", "replace")


def _event_id(record: Record, settings: Settings) -> str | None:
    try:
        event = parse_event(
            record.value,
            record.headers,
            record.timestamp_ms,
            max_bytes=settings.max_bytes,
            max_future_ms=int(settings.max_future_s * 1_000),
        )
    except Rejection:
        return None
    return event.event_id
