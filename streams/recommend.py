"""recommend: folds events into user state and answers each qualifying one with a ranked list.

One batch: read the users' state in one round trip, answer in one run of the model, publish, then
store all changes atomically, then acknowledge. A crash anywhere repeats work, never loses it:
answers carry the event's id, and the store drops what it has folded already.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence

import numpy as np
import orjson
from aiokafka.structs import ConsumerRecord
from faust.types import TP

from recaug.kafka import ensure_topics
from recaug.recommend import Recommender
from recaug.registry import CorruptBundle, ModelRecord, Registry
from recaug.settings import Settings
from recaug.shards import Shards
from recaug.state import Store, open_store
from streams.app import add_agent, announce_ready, create_app, run_worker
from streams.egress import Egress, Record
from streams.follower import Followed, Follower, Source
from streams.transport import Batch

log = logging.getLogger(__name__)

#: Newest events of each partition that make up popularity after a start.
TREND_EVENTS = 20_000

#: Shortest time between two looks at a store that is away, seconds.
RETRY_S = 0.5


class Recommend:
    """The handler of one worker."""

    def __init__(
        self,
        settings: Settings,
        store: Store,
        recommender: Recommender,
        egress: Egress,
        rewind: Callable[[Mapping[TP, int]], Awaitable[None]],
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._settings, self._clock = settings, clock
        self._recommender, self._egress, self._rewind = recommender, egress, rewind
        self._events = settings.topics.events.name
        self._profiles = settings.topics.clean_users.name
        self._shards = Shards(settings, store)
        self._unstored: dict[TP, int] = {}
        self._tried = 0.0

    # -- positions ----------------------------------------------------------------------------

    async def positions(self, committed: Mapping[TP, int | None]) -> Mapping[TP, int]:
        """The store's offsets, not the group's: the state is what they are about."""
        own = {tp.partition: at for tp, at in committed.items() if tp.topic == self._events}
        return self._from(await self._shards.assign(own))

    def _from(self, found: Mapping[int, int | None]) -> dict[TP, int]:
        """Where to read from; a partition whose state is gone is rebuilt, profiles included."""
        positions = {TP(self._events, number): at or 0 for number, at in found.items()}
        gone = [number for number, at in found.items() if at is None]
        return {**positions, **{TP(self._profiles, number): 0 for number in gone}}

    # -- a batch ------------------------------------------------------------------------------

    async def __call__(self, batch: Batch) -> None:
        if self._shards.broken and await self._mended():
            batch.next_offsets.clear()  # it will be read again, in its place
            return
        now_ms = self._clock() * 1000
        events, profiles = self._split(batch.records)
        work = await self._shards.take(events, profiles, now_ms)
        requests = [request for part in work for request in part.requests]
        answers = await asyncio.to_thread(self._recommender.answer, requests, now_ms)
        topic = self._settings.topics.recommendations.name
        await self._egress.send(Record(topic, a.key, a.value, a.headers) for a in answers)
        await self._shards.store(work)
        if self._shards.broken:
            self._keep_unstored(batch)

    def _split(
        self, records: Sequence[ConsumerRecord]
    ) -> tuple[dict[int, list[ConsumerRecord]], dict[int, list[ConsumerRecord]]]:
        events: dict[int, list[ConsumerRecord]] = defaultdict(list)
        profiles: dict[int, list[ConsumerRecord]] = defaultdict(list)
        for record in records:
            (events if record.topic == self._events else profiles)[record.partition].append(record)
        return events, profiles

    def _keep_unstored(self, batch: Batch) -> None:
        """Profiles read while the store is away are not committed, and are read again later."""
        for record in batch.records:
            tp = TP(record.topic, record.partition)
            if record.topic == self._profiles:
                self._unstored.setdefault(tp, record.offset)
                batch.next_offsets.pop(tp, None)

    async def _mended(self) -> bool:
        now = time.monotonic()
        if now - self._tried < RETRY_S:
            return False
        self._tried = now
        found = await self._shards.recover()
        if found is None:
            return False
        await self._rewind({**self._unstored, **self._from(found)})
        self._unstored.clear()
        return True


class Knowledge:
    """What every worker knows whole; its handlers run on the follower's thread."""

    def __init__(self, settings: Settings, recommender: Recommender) -> None:
        self._name = settings.model
        self._registry = Registry(settings.registry.absolute())
        self._recommender = recommender
        topics = settings.topics
        self.sources = {
            topics.clean_items.name: Source(self._on_item),
            topics.item_vectors.name: Source(self._on_vector),
            topics.models.name: Source(self._on_model),
            topics.events.name: Source(self._on_event, tail=TREND_EVENTS),
        }

    def _on_item(self, found: Followed) -> None:
        document = None if found.value is None else orjson.loads(found.value)
        self._recommender.item(found.key, document)

    def _on_vector(self, found: Followed) -> None:
        vector = None if found.value is None else np.frombuffer(found.value, "<f2")
        self._recommender.vector(found.key, vector)

    def _on_event(self, found: Followed) -> None:
        self._recommender.popular(orjson.loads(found.value or b"{}"))

    def _on_model(self, found: Followed) -> None:
        """Serve what was promoted, once every byte of it is what the announcement names."""
        if found.key != self._name or found.value is None:
            return
        record = ModelRecord.model_validate_json(found.value)
        if record.version == self._recommender.model["version"]:
            return
        try:
            bundle = self._registry.open(self._name, record.version, record.manifest_sha256)
            self._recommender.swap(bundle)
        except CorruptBundle as refused:
            log.error("refused model %s: %s; the one before serves on", record.version, refused)
        else:
            log.info("serving model %s", record.version)


def main(settings: Settings) -> None:
    """Run the service until it is told to stop."""
    ensure_topics(settings)
    egress = Egress(settings.kafka)
    recommender = Recommender(settings)
    follower = Follower(settings.kafka, Knowledge(settings, recommender).sources)
    follower.start()
    app = create_app("recommend", settings)

    async def rewind(positions: Mapping[TP, int]) -> None:
        await app.consumer.rewind(positions)  # there is no consumer before the app runs

    recommend = Recommend(settings, open_store(settings), recommender, egress, rewind)
    topics = [settings.topics.events.name, settings.topics.clean_users.name]
    add_agent(app, topics, recommend, owner=recommend.positions)
    announce_ready(app, "recommend", model=recommender.model)
    try:
        run_worker(app, settings)
    finally:
        follower.close()
        egress.close()
