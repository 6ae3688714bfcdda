"""recommend: folds events into user state and answers each qualifying one with a ranked list.

One batch: read the users' state in one round trip, answer in one run of the model, publish, then
store all changes atomically, then acknowledge. A crash anywhere repeats work, never loses it:
answers carry the event's id, and the store drops what it has folded already.
"""

from __future__ import annotations

import logging
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence

import numpy as np
import orjson
from aiokafka.structs import ConsumerRecord
from faust.types import TP
from pydantic import ValidationError

from recaug.erase import MOST as ERASURES
from recaug.erase import Erasures
from recaug.errors import Failure
from recaug.kafka import ensure_topics
from recaug.message import Request
from recaug.promotion import Floor, Promotion
from recaug.recommend import Recommender
from recaug.registry import ModelRecord, Registry
from recaug.settings import Settings
from recaug.shards import Shards
from recaug.signing import Keys
from recaug.state import Store, open_store
from streams.app import add_agent, announce_ready, create_app, run_worker
from streams.egress import Egress, Record
from streams.follower import Followed, Follower, Source
from streams.moved import Moved
from streams.searches import Searches
from streams.totals import Totals
from streams.transport import Batch

log = logging.getLogger(__name__)

#: Newest events of each partition that make up popularity after a start.
TREND_EVENTS = 20_000

#: Largest item table of a model that is kept beside the one that serves, bytes.
TABLE, FROZEN_BYTES = "items.npy", 2**27

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
        erasures: Erasures | None = None,
    ) -> None:
        self._settings, self._clock = settings, clock
        self._erasures = Erasures() if erasures is None else erasures
        self._recommender, self._egress, self._rewind = recommender, egress, rewind
        self._events = settings.topics.events.name
        self._profiles = settings.topics.clean_users.name
        self._shards = Shards(settings, store, self._erasures)
        self._unstored: dict[TP, int] = {}
        self._tried = 0.0
        self._totals = Totals()

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
        await self._egress.send(self._answers(requests, now_ms))
        await self._shards.store(work)
        self._count(requests)
        if self._shards.broken:
            self._keep_unstored(batch)

    def _count(self, requests: Sequence[Request]) -> None:
        self._totals.add("answered", len(requests))
        self._totals.add("superseded", sum(len(request.supersedes) for request in requests))
        self._totals.report()

    def _answers(self, requests: Sequence[Request], now_ms: float) -> Iterator[Record]:
        """The answers to publish: none to somebody who was erased while they were made."""
        topic = self._settings.topics.recommendations.name
        answers, erased = self._recommender.answer(requests, now_ms), list[str]()
        for request, a in zip(requests, answers, strict=True):
            if self._erasures.covers(user := a.key.decode(), int(request.appended_ms or 0)):
                erased.append(user)
            else:
                yield Record(topic, a.key, a.value, a.headers)
        yield from self._metrics(erased, now_ms)

    def _metrics(self, erased: Sequence[str], now_ms: float) -> Iterator[Record]:
        """How good the lists were; found out while the answers are on their way."""
        found = self._recommender.judge(now_ms)
        for user in erased:
            self._recommender.forget(user)
        topic, key = self._settings.topics.metrics.name, self._settings.model.encode()
        for record in found:
            yield Record(topic, key, record.to_bytes())

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

    def __init__(
        self, settings: Settings, recommender: Recommender, erasures: Erasures | None = None
    ) -> None:
        self._erasures = Erasures() if erasures is None else erasures
        self._name = settings.model
        self._keys = Keys.of(settings)
        self._registry = Registry(settings.registry.absolute(), self._keys)
        self._floor = Floor(settings.data_dir.absolute() / "recommend" / f"{settings.model}.floor")
        self._recommender = recommender
        topics = settings.topics
        self.sources = {
            topics.clean_items.name: Source(self._on_item),
            topics.item_vectors.name: Source(self._on_vector),
            topics.models.name: Source(self._on_model),
            topics.clean_users.name: Source(self._on_user, tail=ERASURES),
            topics.events.name: Source(self._on_event, tail=TREND_EVENTS),
        }

    def _on_item(self, found: Followed) -> None:
        document = None if found.value is None else orjson.loads(found.value)
        self._recommender.item(found.key, document)

    def _on_vector(self, found: Followed) -> None:
        vector = None if found.value is None else np.frombuffer(found.value, "<f2")
        self._recommender.vector(found.key, vector)

    def _on_user(self, found: Followed) -> None:
        if found.value is None:
            self._erasures.erase(found.key, found.appended_ms)
            self._recommender.erase(found.key)

    def _on_event(self, found: Followed) -> None:
        if not self._erasures.covers(found.key, found.appended_ms):
            self._recommender.popular(orjson.loads(found.value or b"{}"))

    def _on_model(self, found: Followed) -> None:
        """Serve what was promoted, once a trusted key vouches for it and every byte of it."""
        if found.key != self._name or found.value is None:
            return
        version = "?"
        try:
            record = ModelRecord.model_validate_json(found.value)
            version = record.version
            self._serve(record.promotion)
        except ValidationError as error:
            wrong = error.errors(include_url=False)[0]
            why = f"its announcement has no good {'.'.join(map(str, wrong['loc']))}: {wrong['msg']}"
            log.error("refused model %s: %s", version, why)
        except Failure as refused:
            log.error("refused model %s: %s; the one before serves on", version, refused)

    def _serve(self, promotion: Promotion) -> None:
        version, serving = promotion.version, self._recommender.model["version"]
        if promotion.name != self._name or not promotion.is_signed(self._keys):
            log.error("refused model %s: no trusted key signed its promotion", version)
            return
        if promotion.sequence < self._floor.value:
            # After a start these are the promotions of the past, and no reason to worry.
            level = logging.INFO if serving is None else logging.ERROR
            log.log(level, "refused model %s: a later promotion has been served", version)
            return
        if version != serving:
            bundle = self._registry.open(self._name, version, promotion.manifest_sha256)
            self._recommender.swap(bundle)
            log.info("serving model %s", version)
            self._freeze(version)
        self._floor.rise(promotion.sequence)

    def _freeze(self, serving: str) -> None:
        """Compare from now on with the oldest model there is, unless that is the one served."""
        oldest = next(iter(self._registry.versions(self._name)), serving)
        if oldest == serving or self._recommender.frozen is not None:
            return
        try:
            bundle = self._registry.open(self._name, oldest)
            if bundle.manifest.files[TABLE].bytes <= FROZEN_BYTES:
                self._recommender.freeze(bundle)
                log.info("comparing with model %s", oldest)
        except Failure as unusable:
            log.warning("nothing is compared with model %s: %s", oldest, unusable)


def main(settings: Settings) -> None:
    """Run the service until it is told to stop."""
    ensure_topics(settings)
    egress = Egress(settings.broker)
    recommender = Recommender(settings)
    erasures = Erasures()
    follower = Follower(settings.broker, Knowledge(settings, recommender, erasures).sources)
    follower.start()
    searches = Searches(settings.encoder_dir, recommender.read)
    searches.start()
    app = create_app("recommend", settings)

    async def rewind(positions: Mapping[TP, int]) -> None:
        await app.consumer.rewind(positions)  # there is no consumer before the app runs

    recommend = Recommend(
        settings, open_store(settings), recommender, egress, rewind, erasures=erasures
    )
    topics = [settings.topics.events.name, settings.topics.clean_users.name]
    moved = Moved(settings, "recommend", [settings.topics.recommendations])

    async def positions(committed: Mapping[TP, int | None]) -> Mapping[TP, int]:
        unmoved = await moved.positions(committed)
        return {**unmoved, **await recommend.positions({**committed, **unmoved})}

    add_agent(app, topics, recommend, owner=positions)
    announce_ready(app, "recommend", model=recommender.model)
    try:
        run_worker(app, settings)
    finally:
        searches.close()
        follower.close()
        egress.close()
