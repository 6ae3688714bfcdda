"""Which event ids came lately, and where: what tells a client's resend from a replay of the log.

A replay has the coordinates of the first time and must be let through, for its effect may never
have become durable; a resend has others. This memory ends with the process; what it misses then,
the `IdWindow` stored with each reader's state catches.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from zlib import crc32

from recaug.bounds import Bound, hit
from recaug.clean.records import RawRecord
from recaug.windows import digest

#: A longer id is kept as its digest: a UUID is the longest that is shorter than a digest's object.
_KEPT_CHARS = 36
_OFFSET_BITS = 64
_USER_BITS = 32


@dataclass(frozen=True, slots=True)
class First:
    """Where an event id came first, and whether from the same user."""

    where: str
    same_user: bool


class Resends:
    """The newest `size` event ids of one partition number, first in first out."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._order: deque[str | bytes] = deque()
        # Topic, user and offset in one integer: a third of the memory of a tuple.
        self._known: dict[str | bytes, int] = {}
        self._sources: list[str] = []
        self._numbers: dict[tuple[str, int], int] = {}

    def __len__(self) -> int:
        return len(self._known)

    def find(self, event_id: str, user: str) -> First | None:
        """Where the event of this id came first."""
        packed = self._known.get(_key(event_id))
        if packed is None:
            return None
        offset = packed & ((1 << _OFFSET_BITS) - 1)
        checksum = packed >> _OFFSET_BITS & ((1 << _USER_BITS) - 1)
        source = self._sources[packed >> (_OFFSET_BITS + _USER_BITS)]
        return First(f"{source}:{offset}", checksum == crc32(user.encode()))

    def add(self, event_id: str, user: str, record: RawRecord) -> None:
        """Remember an id that `find` did not know."""
        key, source = _key(event_id), self._source(record.topic, record.partition)
        packed = (source << _USER_BITS | crc32(user.encode())) << _OFFSET_BITS | record.offset
        if len(self._order) == self._size:
            hit(Bound.RESENDS)
            del self._known[self._order.popleft()]
        self._order.append(key)
        self._known[key] = packed

    def _source(self, topic: str, partition: int) -> int:
        """Number of a source; there are as many as input topics."""
        number = self._numbers.get((topic, partition))
        if number is None:
            number = self._numbers[topic, partition] = len(self._sources)
            self._sources.append(f"{topic}:{partition}")
        return number


def _key(event_id: str) -> str | bytes:
    return event_id if len(event_id) <= _KEPT_CHARS else digest(event_id)
