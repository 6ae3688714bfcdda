"""recommend: folds events into user state and answers each qualifying one with a ranked list.

One batch: read the users' state in one round trip, answer in one run of the model, publish, then
store all changes atomically, then acknowledge. A crash anywhere repeats work, never loses it:
answers carry the event's id, and the store drops what it has folded already.
"""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from itertools import chain

from aiokafka.structs import ConsumerRecord
from faust.types import TP

from recaug import worker_metrics as m
from recaug.erase import Erasures
from recaug.kafka import ensure_topics
from recaug.message import Answer, Request
from recaug.recommend import Recommender
from recaug.settings import Settings
from recaug.shards import Shards
from recaug.state import Store, open_store
from streams import traceparent
from streams.app import add_agent, announce_ready, create_app, run_worker
from streams.egress import Egress, Headers, Record
from streams.follower import Follower
from streams.knowledge import Knowledge
from streams.moved import Moved
from streams.reporting import known, report
from streams.searches import Searches
from streams.telemetry import Telemetry, unheard
from streams.timed_store import TimedStore
from streams.totals import Totals
from streams.transport import Batch

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
        telemetry: Telemetry | None = None,
    ) -> None:
        self._settings, self._clock = settings, clock
        telemetry = unheard("recommend") if telemetry is None else telemetry
        self._effort, self._traces = telemetry.effort, telemetry.traces
        self._counted = telemetry.metrics
        self._erasures = Erasures() if erasures is None else erasures
        self._recommender, self._egress, self._rewind = recommender, egress, rewind
        self._events = settings.topics.events.name
        self._profiles = settings.topics.clean_users.name
        self._store, self._shards = store, Shards(settings, store, self._erasures)
        self._unstored: dict[TP, int] = {}
        self._tried = 0.0
        self._totals = Totals()
        self._scoring_ns = 0, 0
        self._came: Mapping[tuple[int, int], tuple[ConsumerRecord, bytes]] = {}

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

    async def ready(self, standing: Mapping[TP, tuple[int, int]]) -> tuple[bool, str]:
        """Whether lists are made from all that users did, and why not.

        :param standing: where reading has come to, by partition (see `streams.transport`).
        """
        if self._shards.broken:
            return False, "lists are made from popularity until the store is right again"
        again = sum(
            max(0, self._shards.answered.get(tp.partition, 0) - at)
            for tp, (at, _) in standing.items()
            if tp.topic == self._events
        )
        if again:
            return False, f"{again} records are read again, for the store has not got them"
        await self._store.ping()
        return True, "the store answers"

    # -- a batch ------------------------------------------------------------------------------

    async def __call__(self, batch: Batch) -> None:
        if self._shards.broken and await self._mended():
            batch.next_offsets.clear()  # it will be read again, in its place
            return
        now_ms = self._clock() * 1000
        events, profiles = self._split(batch.records)
        self._came = traceparent.by_place(chain.from_iterable(events.values()))
        with self._effort.stage("decode"):
            work = await self._shards.take(events, profiles, now_ms)
        requests = [request for part in work for request in part.requests]
        with self._effort.stage("produce"):
            await self._egress.send(self._answers(requests, now_ms))
        with self._effort.stage("state"):
            await self._shards.store(work)
        self._count(requests, self._clock() * 1000)
        if self._shards.broken:
            self._keep_unstored(batch)

    def _count(self, requests: Sequence[Request], done_ms: float) -> None:
        superseded = sum(len(request.supersedes) for request in requests)
        self._totals.add("answered", len(requests))
        self._totals.add("superseded", superseded)
        self._totals.report()
        self._counted[m.SUPERSEDED].inc(superseded)
        for request in requests:
            if (appended_ms := request.appended_ms) is not None:
                delay = self._counted[m.DELAY].labels(request.event["event"])
                delay.observe(max(0.0, (done_ms - appended_ms) / 1000))

    def _answers(self, requests: Sequence[Request], now_ms: float) -> Iterator[Record]:
        """The answers to publish: none to somebody who was erased while they were made."""
        topic = self._settings.topics.recommendations.name
        answers, erased = self._ranked(requests, now_ms), list[str]()
        for fallback, number in Counter(map(fallback_of, answers)).items():
            self._counted[m.PRODUCED].labels(fallback).inc(number)
        for request, a in zip(requests, answers, strict=True):
            if self._erasures.covers(user := a.key.decode(), int(request.appended_ms or 0)):
                erased.append(user)
            else:
                yield Record(topic, a.key, a.value, self._traced(request, a))
        if self._traces is not None:
            version = str(self._recommender.model["version"] or "")
            self._traces.score(len(requests), *self._scoring_ns, version)
        yield from self._metrics(erased, now_ms)

    def _ranked(self, requests: Sequence[Request], now_ms: float) -> list[Answer]:
        before_s, model = self._recommender.scored_s, self._recommender.model
        began_ns = time.time_ns()
        with self._effort.stage("retrieve"):
            answers = self._recommender.answer(requests, now_ms)
        self._scoring_ns = began_ns, time.time_ns()
        scored_s = self._recommender.scored_s - before_s
        self._effort.move(scored_s, "retrieve", "score")
        if scored_s:
            self._counted[m.SCORE].labels(model["provider"], model["precision"]).observe(scored_s)
        return answers

    def _traced(self, request: Request, answer: Answer) -> Headers:
        """With the trace context of the event, so that whoever sent it finds its list."""
        came = self._came.get((request.partition, request.offset))
        if came is None:
            return answer.headers
        record, parent = came
        if self._traces is not None:
            kind, fallback = request.event["event"], fallback_of(answer)
            parent = self._traces.process(record, parent, event=kind, fallback=fallback) or parent
        return [*answer.headers, (traceparent.NAME, parent)]

    def _metrics(self, erased: Sequence[str], now_ms: float) -> Iterator[Record]:
        """How good the lists were; found out while the answers are on their way."""
        with self._effort.stage("score"):
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


def fallback_of(answer: Answer) -> str:
    """What a list fell back to; `none`: it is the model's."""
    found = next(value for name, value in answer.headers if name == "fallback")
    return found.decode() or "none"


def main(settings: Settings) -> None:
    """Run the service until it is told to stop."""
    ensure_topics(settings)
    egress = Egress(settings.broker)
    recommender = Recommender(settings)
    erasures = Erasures()
    app = create_app("recommend", settings)
    knowledge = Knowledge(settings, recommender, erasures, app.telemetry)
    follower = Follower(settings.broker, knowledge.sources)
    follower.start()
    searches = Searches(settings.encoder_dir, recommender.read)
    searches.start()

    async def rewind(positions: Mapping[TP, int]) -> None:
        await app.consumer.rewind(positions)  # there is no consumer before the app runs

    telemetry = app.telemetry
    store = TimedStore(open_store(settings), telemetry.effort, telemetry.metrics.store_called)
    recommend = Recommend(
        settings, store, recommender, egress, rewind, erasures=erasures, telemetry=telemetry
    )
    topics = [settings.topics.events.name, settings.topics.clean_users.name]
    moved = Moved(settings, "recommend", [settings.topics.recommendations])

    async def positions(committed: Mapping[TP, int | None]) -> Mapping[TP, int]:
        unmoved = await moved.positions(committed)
        return {**unmoved, **await recommend.positions({**committed, **unmoved})}

    add_agent(app, topics, recommend, owner=positions)
    announce_ready(app, "recommend", model=recommender.model)
    checks = {
        "store": lambda: recommend.ready(app.consumer.standing()),
        "knowledge": known("items, trends and the model", lambda: follower.caught_up),
    }
    report(app, "recommend", settings, checks, lambda: recommender.model["version"] or "")
    try:
        run_worker(app, "recommend", settings)
    finally:
        searches.close()
        follower.close()
        egress.close()
