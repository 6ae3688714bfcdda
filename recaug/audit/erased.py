"""What user documents excuse: answers to the erased, histories that a document has cleared."""

from __future__ import annotations

from array import array

import numpy as np
import orjson

from recaug.audit.rows import Int64, Mask
from recaug.kafka import Record

#: An event that was on its way when its user was erased may go unanswered.
UNDER_WAY_MS = 60_000


class Erased:
    """Takes in `recaug.users`: 16 bytes for each null."""

    def __init__(self, watched: set[int]) -> None:
        """
        :param watched: numbers of users whose documents matter.
        """
        self._watched = watched
        self._columns = array("q"), array("q")  # user, when
        self._next: dict[int, int] = {}
        self._compacted = False
        self._named: set[int] = set()
        self._cleared: set[int] = set()

    def add(self, record: Record) -> None:
        """Take in a record, in the order of its partition."""
        expected = self._next.get(record.partition, record.offset)
        self._compacted |= record.offset != expected
        self._next[record.partition] = record.offset + 1
        user = hash(record.key or b"")
        if record.value is None:
            for column, value in zip(self._columns, (user, record.timestamp_ms), strict=True):
                column.append(value)
        if user in self._watched:
            self._named.add(user)
            if record.value is None or not _agrees(record.value):
                self._cleared.add(user)

    @property
    def excused(self) -> set[int]:
        """Watched users whose history a document has, or may have, cleared."""
        return self._named if self._compacted else self._cleared

    def before(self, users: Int64, times_ms: Int64) -> Mask:
        """Whether each user was erased after a time, or shortly before."""
        who, when = (np.frombuffer(column, np.int64) for column in self._columns)
        order = np.lexsort((when, who))
        who, when = who[order], when[order]
        last = np.searchsorted(who, users, "right") - 1
        if not len(who):
            return np.zeros(len(users), bool)
        same = (last >= 0) & (who[last] == users)
        return np.asarray(same & (times_ms <= when[last] + UNDER_WAY_MS))


def _agrees(document: bytes) -> bool:
    told = orjson.loads(document)
    return bool((told.get("consent") or {}).get("personalization", True))
