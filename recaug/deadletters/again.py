"""Back into the topic it came from: checked as clean would check it, sent, then marked.

A letter is sent again at most `MAX_REFUSALS` times: it carries the header that counts its
refusals, clean counts on, and nothing goes round for ever. It goes into the partition it was in,
where the rest of its user's events are; with another key, where that key belongs.

First the record is acknowledged, then the letter is marked. A crash in between leaves it open, and
an event sent twice has one effect: readers know it by its id.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from kafka import KafkaProducer

from recaug.audit.bulk import read_range
from recaug.deadletters.edit import with_fields
from recaug.deadletters.letters import COUNT, Letter, mark
from recaug.deadletters.marks import Fate
from recaug.erase import Erasures
from recaug.events import (
    Rejection,
    parse_event,
    parse_item,
    parse_item_key,
    parse_user,
    parse_user_key,
    user_key,
)
from recaug.events.deadletter import MAX_REFUSALS
from recaug.kafka import end_offsets, start_offsets
from recaug.settings import Settings


@dataclass(frozen=True, slots=True)
class Mend:
    """What is changed before a letter is sent again; nothing by default.

    value   in place of the whole value
    key     in place of the key
    fields  (path, value) to set in it
    """

    value: bytes | None = None
    key: bytes | None = None
    fields: Sequence[tuple[str, Any]] = field(default=())


@dataclass(frozen=True, slots=True)
class Ready:
    """A record to send again: where to, and with what; `partition` None goes by the key."""

    letter: Letter
    topic: str
    partition: int | None
    key: bytes | None
    value: bytes | None
    headers: list[tuple[str, bytes]]


def prepare(
    settings: Settings, letter: Letter, mend: Mend, erasures: Erasures, now_ms: int
) -> Ready | str:
    """Return the record to send, or why it is not sent.

    :raises Failure: a field cannot be set.
    """
    about = letter.about
    if why := _hopeless(settings, letter, mend):
        return why
    value = about.value if mend.value is None else mend.value
    if mend.fields:
        value = with_fields(value, mend.fields)
    key = about.key if mend.key is None else mend.key
    headers = [*about.headers, (COUNT, str(letter.count).encode())]
    partition = about.partition if mend.key is None else None
    ready = Ready(letter, about.topic, partition, key, value, headers)
    return _refusal(settings, ready, erasures, now_ms) or ready


def _hopeless(settings: Settings, letter: Letter, mend: Mend) -> str:
    topics = {topic.name for topic in settings.topics.inputs}
    if letter.fate is not Fate.OPEN:
        return f"it was {letter.fate} already"
    if letter.count > MAX_REFUSALS:
        return f"it was sent again {MAX_REFUSALS} times and refused each time"
    if letter.about.topic not in topics:
        return f"{letter.about.topic} is no topic that producers write to"
    if letter.cut == "personal data":
        return "nothing of it was kept, since it names a person"
    if letter.cut and mend.value is None:
        return f"it is not kept whole ({letter.cut}): give all of it with --from FILE"
    return ""


def _refusal(settings: Settings, ready: Ready, erasures: Erasures, now_ms: int) -> str:
    """Why clean would refuse it again, empty where it would not; limits are not foreseen."""
    topics = settings.topics
    try:
        if ready.value is None and ready.topic in (topics.items.name, topics.users.name):
            _check_key(ready, "", topics.items.name)
            return ""
        parse = {topics.items.name: parse_item, topics.users.name: parse_user}
        found = parse.get(ready.topic, parse_event)(
            ready.value,
            ready.headers,
            now_ms,
            max_bytes=settings.max_bytes,
            max_future_ms=round(settings.max_future_s * 1_000),
        )
        if ready.topic != topics.items.name and erasures.covers(
            user_key(found), ready.letter.at_ms
        ):
            return "its user was erased since, and it would bring them back"
        if ready.topic in parse:
            name = "item_id" if ready.topic == topics.items.name else "user_id"
            return _check_key(ready, str(getattr(found, name)), topics.items.name)
    except Rejection as rejection:
        return f"it would be refused again: {rejection}"
    return ""


def _check_key(ready: Ready, named: str, items: str) -> str:
    """A document's key is its id. Raises Rejection where it is no id at all."""
    key = (parse_item_key if ready.topic == items else parse_user_key)(ready.key)
    if named and key != named:
        return f"it would be refused again: the key is {key!r} and the id {named!r}: --key {named}"
    return ""


def erased(settings: Settings) -> Erasures:
    """Return who was erased, and when.

    :raises Unreachable: the broker does not answer.
    """
    topic, found = settings.topics.clean_users.name, Erasures()
    begin, end = start_offsets(settings.broker, [topic]), end_offsets(settings.broker, [topic])
    for record in read_range(settings.broker, begin, end):
        if record.value is None and record.key is not None:
            found.erase(record.key.decode(errors="replace"), record.timestamp_ms)
    return found


def send(client: KafkaProducer, settings: Settings, ready: Ready) -> str:
    """Send it, then mark its letter; return where it is now, `topic:partition:offset`.

    :raises KafkaError: the broker refused it; the letter stays open.
    """
    placed = client.send(
        ready.topic,
        key=ready.key,
        value=ready.value,
        headers=ready.headers,
        partition=ready.partition,
    ).get(30)
    mark(client, settings, ready.letter, Fate.RETRIED)
    return f"{placed.topic}:{placed.partition}:{placed.offset}"
