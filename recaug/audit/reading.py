"""Taking in the topics of an audit: one pass over each, in whatever order they are asked for."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Container, Iterator, Mapping
from typing import Any

import orjson

from recaug.audit import scope as scopes
from recaug.audit.answers import Answers
from recaug.audit.bulk import read_batches
from recaug.audit.documents import DocumentInputs, Documents, Shelf
from recaug.audit.erased import Erased
from recaug.audit.findings import Check, Findings
from recaug.audit.inputs import Inputs, Limits
from recaug.audit.promotions import Promotions, Served
from recaug.audit.refused import Refused
from recaug.audit.rows import DUE, OUTSIDE, Rows, number_of
from recaug.audit.scope import Scope
from recaug.audit.state import Sample
from recaug.events import DeadLetter, parse_item_key, parse_user_key
from recaug.kafka import Offsets, Record
from recaug.settings import Settings
from recaug.windows import coordinates

#: Called with records read so far and records to read, most.
Progress = Callable[[int, int], None]


class Reading:
    """What was read; call the methods in the order in which one explains the next:

    models, dead_letters, log, documents, inputs, answers
    """

    def __init__(
        self, settings: Settings, scope: Scope, findings: Findings, progress: Progress | None
    ) -> None:
        self.settings, self.topics = settings, settings.topics
        self.scope, self.findings = scope, findings
        self._progress = progress or (lambda done, total: None)
        self._total, self._done = scope.records(), 0
        log = self.topics.events.name
        begin, end = scope.part(log, scope.begin), scope.part(log, scope.ends)
        self.rows = Rows(begin, end, findings, settings.resend_window)
        self.sample = Sample(len(end))
        self.promotions = Promotions(settings.model)
        self.served = Served(self.promotions, findings)
        self.refused = Refused()
        self._behaviour = frozenset(topic.name for topic in self.topics.behaviour)

    def _read(self, *topics: str, begin: Offsets | None = None) -> Iterator[list[Record]]:
        ends = {at: end for at, end in self.scope.ends.items() if at[0] in topics}
        for batch in read_batches(self.settings.broker, begin or self.scope.begin, ends):
            self._done += len(batch)
            self._progress(self._done, max(self._total, self._done))
            yield batch

    def models(self) -> Iterator[Mapping[str, Any]]:
        """Take in every promotion; yield the attempts of this run."""
        name = self.topics.models.name
        for record in _each(self._read(name, begin=self.scope.starts)):
            told = self.promotions.add(record)
            if told is not None and record.offset >= self.scope.begin[name, record.partition]:
                yield told

    def dead_letters(self) -> None:
        """Take in what was refused."""
        for record in _each(self._read(self.topics.dead_letters.name)):
            letter = DeadLetter.read(None, None, record.headers)
            if letter.offset >= 0 and letter.partition >= 0:
                source = f"{letter.topic}:{letter.partition}"
                self.refused.add(source, letter.offset, letter.reason)
        self.refused.seal()

    def log(self) -> dict[int, int]:
        """Take in recaug.events; return from where on answers cannot have been deleted."""
        oldest = scopes.oldest_ms(self.settings, self.scope, self.topics.recommendations.name)
        kept = {p: 0 if not oldest.get(p) else end for p, end in self.rows.end.items()}
        for record in _each(self._read(self.topics.events.name)):
            self._add_event(record)
            at = record.partition
            if record.offset < kept[at] and record.timestamp_ms >= oldest[at]:
                kept[at] = record.offset
        self.rows.seal()
        return kept

    def _add_event(self, record: Record) -> None:
        rows, key = self.rows, record.key or b""
        try:
            event = orjson.loads(record.value or b"null")
            number, due = number_of(event["event_id"]), event["event"] in self.settings.answer
        except (orjson.JSONDecodeError, TypeError, KeyError):
            self._stray(record, 0)
            return
        found = self._source(record, self._behaviour)
        if found is None:
            self._stray(record, number)
            return
        source, at, flags = found
        place = record.partition, record.offset
        rows.add(*place, source, at, number, hash(key), flags | DUE * due)
        self.sample.add(record.partition, key, rows.row(*place), record.value or b"")

    def _source(self, record: Record, topics: Container[str]) -> tuple[str, int, int] | None:
        """Source, offset and whether it is outside of what is counted; None: there is no such."""
        try:
            source, at = coordinates(record.header("src") or b"")
        except ValueError:
            return None
        topic, _, number = source.rpartition(":")
        where = topic, int(number)
        if topic not in topics or at >= self.scope.exist.get(where, 0):
            return None
        young = at >= self.scope.ends.get(where, 0)
        old = not self.scope.whole and at < self.scope.begin.get(where, 0)
        return source, at, OUTSIDE if young or old else 0

    def _stray(self, record: Record, number: int) -> None:
        self.rows.add_stray(record.partition, record.offset, number, hash(record.key or b""))
        self.findings.add(Check.STRAY_EVENT, _where(record))

    def documents(self) -> tuple[dict[str, Shelf], Erased]:
        """Take in what clean made of items and users; by the topic they came from."""
        topics = self.topics
        pairs = {topics.clean_items.name: topics.items, topics.clean_users.name: topics.users}
        shelves = {topic.name: Shelf(name, self.findings) for name, topic in pairs.items()}
        watched = {hash(key) for users in self.sample.events.values() for key in users}
        erased = Erased(watched)
        for record in _each(self._read(*pairs)):
            if record.topic == topics.clean_users.name:
                erased.add(record)
            origin = pairs[record.topic].name
            found = self._source(record, (origin,))
            if found is None:
                self.findings.add(Check.STRAY_EVENT, _where(record))
            else:
                shelves[origin].add(hash(record.key or b""), *found[:2])
        for shelf in shelves.values():
            shelf.seal()
        return shelves, erased

    def inputs(
        self, shelves: Mapping[str, Shelf], settled: Mapping[tuple[str, int], int] | None
    ) -> tuple[Inputs, Documents]:
        """Judge the input records; `settled`: what clean had acknowledged, None: everything."""
        letters = self._oldest_ms(self.topics.dead_letters.name)
        limits = Limits(settled, max(letters, self._oldest_ms(self.topics.events.name)))
        inputs = Inputs(self.rows, self.refused, self.settings, limits, self.findings)
        tally, bounds = Documents(), Limits(settled, letters)
        keys = {self.topics.items.name: parse_item_key, self.topics.users.name: parse_user_key}
        judges: dict[str, Inputs | DocumentInputs] = {
            **dict.fromkeys(self._behaviour, inputs),
            **{
                topic: DocumentInputs(
                    shelf, self.refused, keys[topic], bounds, self.findings, tally
                )
                for topic, shelf in shelves.items()
            },
        }
        for batch in self._read(*judges):
            for (topic, number), records in _by_partition(batch).items():
                judges[topic].judge(f"{topic}:{number}", records)
        return inputs, tally

    def _oldest_ms(self, topic: str) -> int:
        return max(scopes.oldest_ms(self.settings, self.scope, topic).values(), default=0)

    def answers(self) -> Answers:
        """Take in the recommendations."""
        answers = Answers(self.rows, self.topics.events.name, self.served, self.findings)
        for record in _each(self._read(self.topics.recommendations.name)):
            answers.add(record)
        return answers


def _where(record: Record) -> str:
    return f"{record.topic}:{record.partition}:{record.offset}"


def _each(batches: Iterator[list[Record]]) -> Iterator[Record]:
    for batch in batches:
        yield from batch


def _by_partition(batch: list[Record]) -> dict[tuple[str, int], list[Record]]:
    parts = defaultdict(list)
    for record in batch:
        parts[record.topic, record.partition].append(record)
    return parts
