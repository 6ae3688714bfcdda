"""Which event ids came lately, and where: what tells a client's resend from a replay of the log.

A replay has the coordinates of the first time and must be let through, for its effect may never
have become durable; a resend has others. This memory ends with the process; what it misses then,
the `IdWindow` stored with each reader's state catches.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from zlib import crc32

from recaug.clean.records import RawRecord

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
        self._order: deque[bytes] = deque()
        # Topic, user and offset in one integer: a third of the memory of a tuple.
        self._known: dict[bytes, int] = {}
        self._sources: list[str] = []

    def __len__(self) -> int:
        return len(self._known)

    def find(self, key: bytes, user: str) -> First | None:
        """Where the event whose id has this `digest` came first."""
        packed = self._known.get(key)
        if packed is None:
            return None
        offset = packed & ((1 << _OFFSET_BITS) - 1)
        checksum = packed >> _OFFSET_BITS & ((1 << _USER_BITS) - 1)
        source = self._sources[packed >> (_OFFSET_BITS + _USER_BITS)]
        return First(f"{source}:{offset}", checksum == crc32(user.encode()))

    def add(self, key: bytes, user: str, record: RawRecord) -> None:
        """Remember an id that `find` did not know."""
        source = self._source(f"{record.topic}:{record.partition}")
        packed = (source << _USER_BITS | crc32(user.encode())) << _OFFSET_BITS | record.offset
        if len(self._order) == self._size:
            del self._known[self._order.popleft()]
        self._order.append(key)
        self._known[key] = packed

    def _source(self, name: str) -> int:
        """Number of a source; there are as many as input topics."""
        if name not in self._sources:
            self._sources.append(name)
        return self._sources.index(name)
