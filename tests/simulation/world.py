"""What survives a crash: the log, the committed offsets, the store; and what may befall it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import NamedTuple, cast

from faust.types import TP

from recaug.collect import Collector
from recaug.settings import Settings
from recaug.state import Change, PartitionState, StoreUnavailable
from recaug.state.memory import MemoryStore
from streams.egress import Egress, Record
from tests.simulation.scheduler import Process, Scheduler

PARTITIONS = 2
WINDOW = 1_000
START_MS = 1_764_000_000_000


class Entry(NamedTuple):
    """A record of the log, as any client would give it."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes
    headers: Sequence[tuple[str, bytes]]
    timestamp: int


@dataclass
class World:
    """One Kafka and one store, in memory."""

    settings: Settings
    random: Random
    scheduler: Scheduler
    log: dict[TP, list[Entry]] = field(default_factory=lambda: defaultdict(list))
    committed: dict[str, dict[TP, int]] = field(default_factory=lambda: defaultdict(dict))
    store: MemoryStore = field(default_factory=lambda: MemoryStore(ids=WINDOW))
    store_away: bool = False
    owners: dict[str, Process] = field(default_factory=dict)
    collectors: dict[Process, Collector] = field(default_factory=dict)
    now_ms: int = START_MS

    def append(self, record: Record) -> None:
        """As a broker with LogAppendTime does; the same key always lands in the same partition."""
        self.now_ms += 1
        tp = TP(record.topic, sum(record.key or b"") % PARTITIONS)
        entry = Entry(
            *tp, len(self.log[tp]), record.key, record.value or b"", record.headers, self.now_ms
        )
        self.log[tp].append(entry)

    def entries(self, topic: str) -> list[Entry]:
        """All of a topic, partition by partition."""
        return [entry for n in range(PARTITIONS) for entry in self.log[TP(topic, n)]]

    def clock(self) -> float:
        return self.now_ms / 1000


class FakeEgress:
    """Writes a batch in pieces; a crash in between leaves the first of them in the log."""

    def __init__(self, world: World, process: Process) -> None:
        self._world, self._process = world, process

    async def send(self, records: Iterable[Record]) -> None:
        left = list(records)
        await self._world.scheduler.point(self._process)
        while left:
            size = self._world.random.randint(1, len(left))
            for record in left[:size]:
                self._world.append(record)
            del left[:size]
            await self._world.scheduler.point(self._process)

    @classmethod
    def of(cls, world: World, process: Process) -> Egress:
        return cast(Egress, cls(world, process))


class RemoteStore:
    """The store as one process sees it: every call may fail before or after it had its effect."""

    def __init__(self, world: World, process: Process) -> None:
        self._world, self._process = world, process

    async def _reach(self) -> MemoryStore:
        await self._world.scheduler.point(self._process)
        if self._world.store_away:
            raise StoreUnavailable("the store", "is away", "wait")
        return self._world.store

    async def load(self, partition: int) -> PartitionState:
        found = await (await self._reach()).load(partition)
        await self._reach()
        return found

    async def users(self, partition: int, keys: Sequence[str]) -> list[bytes | None]:
        found = await (await self._reach()).users(partition, keys)
        await self._reach()
        return found

    async def apply(self, partition: int, change: Change) -> None:
        await (await self._reach()).apply(partition, change)
        await self._reach()

    async def ping(self) -> None:
        await self._reach()

    async def close(self) -> None:
        return None


def ends(world: World, topics: Iterable[str]) -> Mapping[TP, int]:
    """Where each partition of these topics ends."""
    tps = [TP(topic, n) for topic in topics for n in range(PARTITIONS)]
    return {tp: len(world.log[tp]) for tp in tps}
