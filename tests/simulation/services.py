"""The three handlers as the transport drives them: assign, then read, handle, commit for ever."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

from faust.types import TP

from recaug.collect import Collector
from recaug.recommend import Recommender
from streams.clean import Clean
from streams.recommend import Recommend
from streams.transport import Batch
from tests.simulation.scheduler import Process
from tests.simulation.world import PARTITIONS, Entry, FakeEgress, RemoteStore, World

#: Most records of one partition in one batch.
FETCHED = 6


class Reader:
    """What `streams.transport` does for an agent, without the threads."""

    def __init__(self, world: World, process: Process, service: str, topics: Sequence[str]) -> None:
        self._world, self._process, self._service = world, process, service
        self._tps = [TP(topic, n) for topic in topics for n in range(PARTITIONS)]
        self.at: dict[TP, int] = {}

    async def rewind(self, positions: Mapping[TP, int]) -> None:
        self.at.update(positions)

    async def run(
        self,
        handle: Callable[[Batch], Awaitable[None]],
        owner: Callable[[Mapping[TP, int | None]], Awaitable[Mapping[TP, int]]] | None = None,
    ) -> None:
        """Until another process has the partitions: what is in hand then is still finished."""
        committed = self._world.committed[self._service]
        found = {tp: committed.get(tp) for tp in self._tps}
        self.at = {tp: at or 0 for tp, at in found.items()}
        if owner is not None:
            self.at.update(await owner(found))
        while self._world.owners[self._service] is self._process:
            await self._world.scheduler.point(self._process)
            if batch := self._poll():
                await handle(batch)
                await self._world.scheduler.point(self._process)
                self._commit(batch)

    def _poll(self) -> Batch | None:
        records: list[Entry] = []
        for tp in self._tps:
            if unread := self._world.log[tp][self.at[tp] :]:
                records += unread[: self._world.random.randint(0, FETCHED)]
        ends = {TP(r.topic, r.partition): r.offset + 1 for r in records}
        self.at.update(ends)
        return Batch(cast(Any, records), ends) if records else None

    def _commit(self, batch: Batch) -> None:
        if self._world.owners[self._service] is self._process:  # the broker refuses the others
            self._world.committed[self._service].update(batch.next_offsets)


def clean(world: World, process: Process, _: Path) -> Awaitable[None]:
    topics = [topic.name for topic in world.settings.topics.inputs]
    handler = Clean(world.settings, FakeEgress.of(world, process))
    return Reader(world, process, "clean", topics).run(handler)


def recommend(world: World, process: Process, _: Path) -> Awaitable[None]:
    topics = world.settings.topics
    reader = Reader(world, process, "recommend", [topics.events.name, topics.clean_users.name])
    handler = Recommend(
        world.settings, RemoteStore(world, process), Recommender(world.settings),
        FakeEgress.of(world, process), reader.rewind, world.clock,
    )  # fmt: skip
    return reader.run(handler, handler.positions)


async def learn(world: World, process: Process, checkpoints: Path) -> None:
    """Folds, and writes a checkpoint now and then, as `streams.learn` does before it trains."""
    collector = Collector.load(world.settings, checkpoints)
    name = world.settings.topics.events.name
    reader = Reader(world, process, "learn", [name])

    async def fold(batch: Batch) -> None:
        collector.fold(batch.records)
        if world.random.random() < 0.05:
            await world.scheduler.point(process)
            collector.save(checkpoints)

    async def positions(committed: Mapping[TP, int | None]) -> Mapping[TP, int]:
        return {tp: collector.positions.get(tp.partition, 0) for tp in committed}

    world.collectors[process] = collector
    await reader.run(fold, positions)


SERVICES: dict[str, Callable[[World, Process, Path], Awaitable[None]]] = {
    "clean": clean,
    "recommend": recommend,
    "learn": learn,
}
