"""State in this process: lost with it and rebuilt from the log, for one machine and for tests."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import islice

from recaug.bounds import Bound, hit
from recaug.state.protocol import Change, Conflict, PartitionState
from recaug.windows import IdWindow, SourceWindow

#: Users of a partition.
CAPACITY = 200_000


@dataclass(slots=True)
class _Partition:
    ids: deque[bytes]
    next_offset: int | None = None
    users: OrderedDict[str, bytes] = field(default_factory=OrderedDict)
    sources: dict[str, bytes] = field(default_factory=dict)


class MemoryStore:
    """Keeps the `capacity` users of each partition that changed last."""

    def __init__(self, *, ids: int = 200_000, capacity: int = CAPACITY) -> None:
        self._ids, self._capacity = ids, capacity
        self._partitions: dict[int, _Partition] = {}

    def _at(self, partition: int) -> _Partition:
        if partition not in self._partitions:
            self._partitions[partition] = _Partition(deque(maxlen=self._ids))
        return self._partitions[partition]

    async def load(self, partition: int) -> PartitionState:
        kept = self._at(partition)
        sources, ids = SourceWindow(), IdWindow(self._ids)
        sources.absorb(kept.sources)
        ids.restore(b"".join(kept.ids))
        return PartitionState(kept.next_offset, sources, ids)

    async def users(self, partition: int, keys: Sequence[str]) -> list[bytes | None]:
        kept = self._at(partition).users
        return [kept.get(key) for key in keys]

    async def apply(self, partition: int, change: Change) -> None:
        kept = self._at(partition)
        if kept.next_offset != change.expected:
            raise Conflict(partition, change.expected, kept.next_offset)
        kept.next_offset = change.next_offset
        kept.sources.update(change.sources)
        kept.ids.extend(change.ids)
        self._write(kept.users, change)

    def _write(self, users: OrderedDict[str, bytes], change: Change) -> None:
        for key, value in change.users.items():
            users.pop(key, None)
            if value is not None:
                users[key] = value
        for key in list(islice(users, max(0, len(users) - self._capacity))):
            hit(Bound.MEMORY_USERS)
            del users[key]

    async def ping(self) -> None:
        return None

    async def close(self) -> None:
        return None
