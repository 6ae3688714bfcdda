"""The letters that are kept, and what was done about each.

read        every letter, oldest first in each partition
find        those of some names
mark        note what was done
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace

from kafka import KafkaProducer

from recaug.audit.bulk import read_range
from recaug.audit.scope import offsets_at
from recaug.deadletters.marks import HANDLED, Fate, is_mark
from recaug.errors import Failure, no_topic
from recaug.events import DeadLetter
from recaug.kafka import Offsets, Record, end_offsets, start_offsets
from recaug.settings import Settings

PREFIX = "__streams.errors."
COUNT, CUT = f"{PREFIX}count", f"{PREFIX}cut"


@dataclass(frozen=True, slots=True)
class Letter:
    """A refused record as it is kept; `name` is where it was, `count` how often it was refused.

    `cut` says what is not kept of it, and is empty where nothing is missing.
    """

    name: str
    about: DeadLetter
    partition: int
    at_ms: int
    count: int
    cut: str
    fate: Fate


def read(settings: Settings, since_ms: int | None = None) -> Iterator[Letter]:
    """Yield every letter that is kept, or appended since; each partition is in order.

    The topic is read twice: first for what was done, which is little, then for the letters.

    :raises Unreachable: the broker does not answer.
    :raises Failure: the topic is not there.
    """
    begin, end = _range(settings, since_ms)
    fates = _fates(settings, begin, end)
    for record in read_range(settings.broker, begin, end):
        if not is_mark(record):
            letter = as_letter(record, Fate.OPEN)
            yield replace(letter, fate=fates.get(letter.name, Fate.OPEN))


def find(settings: Settings, names: Collection[str]) -> list[Letter]:
    """Return the letters of these names, in the order asked.

    A record that was judged again after a crash has two letters, of which the last counts.

    :raises Failure: one of them is not there.
    """
    found, fates = dict[str, Letter](), dict[str, Fate]()
    for record in read_range(settings.broker, *_range(settings, None)):
        one = as_letter(record, Fate.OPEN)
        if is_mark(record):
            fates[one.name] = _fate(record)
        elif one.name in names:
            found[one.name] = one
    missing = [name for name in names if name not in found]
    if missing:
        raise Failure(
            f"there is no dead letter {', '.join(missing)}",
            "it was never refused, or is older than dead letters are kept (14 days)",
            "recaug dlq show --all   names them: topic:partition:offset of the refused record",
        )
    return [replace(found[name], fate=fates.get(name, Fate.OPEN)) for name in names]


def mark(client: KafkaProducer, settings: Settings, letter: Letter, fate: Fate) -> None:
    """Note what was done about a letter, without a user: no key, and an empty value."""
    about = letter.about
    told = {
        "exception": about.reason, "topic": about.topic, "partition": str(about.partition),
        "offset": str(about.offset), "count": str(letter.count),
    }  # fmt: skip
    headers = [(PREFIX + name, text.encode()) for name, text in told.items()]
    client.send(
        settings.topics.dead_letters.name,
        value=b"",
        headers=[*headers, (HANDLED, fate.value.encode())],
        partition=letter.partition,
    ).get(30)


def _range(settings: Settings, since_ms: int | None) -> tuple[Offsets, Offsets]:
    topic = settings.topics.dead_letters.name
    end = end_offsets(settings.broker, [topic])
    if not end:
        raise no_topic(topic, "recaug topics create")
    begin = start_offsets(settings.broker, [topic])
    # Notes come after their letters: what was done about those since is since then too.
    return (begin if since_ms is None else offsets_at(settings.broker, end, since_ms)), end


def _fates(settings: Settings, begin: Offsets, end: Offsets) -> dict[str, Fate]:
    return {
        as_letter(record, Fate.OPEN).name: _fate(record)
        for record in read_range(settings.broker, begin, end)
        if is_mark(record)
    }


def _fate(mark: Record) -> Fate:
    told = (mark.header(HANDLED) or b"").decode(errors="replace")
    return Fate(told) if told in set(Fate) else Fate.OPEN


def as_letter(record: Record, fate: Fate) -> Letter:
    """Return a record of the topic as a letter."""
    about = DeadLetter.read(record.key, record.value, record.headers)
    count = (record.header(COUNT) or b"").decode(errors="replace")
    return Letter(
        name=_name(about),
        about=about,
        partition=record.partition,
        at_ms=record.timestamp_ms,
        count=int(count) if count.isascii() and count.isdigit() and len(count) < 10 else 1,
        cut=(record.header(CUT) or b"").decode(errors="replace"),
        fate=fate,
    )


def _name(about: DeadLetter) -> str:
    return f"{about.topic}:{about.partition}:{about.offset}"
