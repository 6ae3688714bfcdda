"""A record as it came, and the three things that can become of it.

Named tuples where there is one per event: a frozen dataclass takes three times as long to make.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from recaug.events import Reason
from recaug.topics import Topic


class RawRecord(NamedTuple):
    """One Kafka record; `timestamp_ms` is when the broker appended it."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes]]
    timestamp_ms: int

    @property
    def where(self) -> str:
        """Source coordinates, `topic:partition:offset`."""
        return f"{self.topic}:{self.partition}:{self.offset}"


class Accepted(NamedTuple):
    """What to write to `topic`; a `value` of None deletes the document of that key."""

    record: RawRecord
    topic: Topic
    key: bytes
    value: bytes | None
    headers: list[tuple[str, bytes]]


@dataclass(frozen=True, slots=True)
class Rejected:
    """What goes to dead letters; `message` is a sentence its sender can act on."""

    record: RawRecord
    reason: Reason
    message: str


@dataclass(frozen=True, slots=True)
class Duplicate:
    """An event its client sent again; `of` are the coordinates of the one that counts."""

    record: RawRecord
    of: str


Outcome = Accepted | Rejected | Duplicate
