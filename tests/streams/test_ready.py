"""recommend's handler: when it is ready, and what of an event's trace context its list carries."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple, cast

import orjson
import pytest
from faust.types import TP

from recaug.recommend import Recommender
from recaug.settings import Settings
from recaug.state import Change, PartitionState, StoreUnavailable
from recaug.state.memory import MemoryStore
from streams.clean import Clean
from streams.egress import Egress, Record
from streams.recommend import Recommend
from streams.transport import Batch

NOW_MS = int(time.time() * 1000)
SAMPLED = b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


class Polled(NamedTuple):
    topic: str
    partition: int
    offset: int
    key: bytes
    value: bytes | None
    headers: Sequence[tuple[str, bytes]]
    timestamp: int


class Kept:
    """Keeps what would be written."""

    def __init__(self) -> None:
        self.records: list[Record] = []

    async def send(self, records: Iterable[Record]) -> None:
        self.records += records


class Store(MemoryStore):
    away = False

    async def load(self, partition: int) -> PartitionState:
        self._answer()
        return await super().load(partition)

    async def apply(self, partition: int, change: Change) -> None:
        self._answer()
        await super().apply(partition, change)

    async def ping(self) -> None:
        self._answer()

    def _answer(self) -> None:
        if self.away:
            raise StoreUnavailable("the store", "it is away", "start it")


@pytest.fixture
def offline() -> Settings:
    return Settings(kafka="127.0.0.1:1", partitions=1)


def event(topic: str, offset: int, *headers: tuple[str, bytes]) -> Polled:
    value = {
        "event": "click", "event_id": f"e{offset}", "timestamp": NOW_MS, "user_id": "ann",
        "item_id": "i1",
    }  # fmt: skip
    return Polled(topic, 0, offset, b"ann", orjson.dumps(value), headers, NOW_MS)


def batch(*records: Polled) -> Batch:
    return Batch(cast(Any, records), {TP(records[0].topic, 0): records[-1].offset + 1})


def recommend(settings: Settings, store: Store, kept: Kept) -> Recommend:
    async def rewind(_: Any) -> None:
        raise AssertionError("nothing is to be read again")

    made = Recommender(settings)
    return Recommend(settings, store, made, cast(Egress, kept), rewind)


async def test_it_is_ready_when_all_that_was_answered_is_read_and_stored(
    offline: Settings,
) -> None:
    store, topic = Store(), offline.topics.events.name
    worker = recommend(offline, store, Kept())
    # The group has answered up to 5, and the store holds nothing: it was wiped.
    assert await worker.positions({TP(topic, 0): 5}) == {
        TP(topic, 0): 0, TP(offline.topics.clean_users.name, 0): 0,
    }  # fmt: skip
    assert await worker.ready({TP(topic, 0): (2, 9)}) == (
        False, "3 records are read again, for the store has not got them",
    )  # fmt: skip
    assert (await worker.ready({TP(topic, 0): (5, 9)}))[0]  # behind, but nothing is missing


async def test_a_store_that_is_away_is_no_worker_that_is_ready(offline: Settings) -> None:
    store, topic = Store(), offline.topics.events.name
    worker = recommend(offline, store, Kept())
    await worker.positions({TP(topic, 0): None})
    store.away = True
    with pytest.raises(StoreUnavailable):
        await worker.ready({TP(topic, 0): (0, 0)})
    await worker(batch(event(topic, 0, ("src", b"clickstream:0:0"))))
    ready, why = await worker.ready({TP(topic, 0): (1, 1)})
    assert not ready and "popularity" in why


@pytest.mark.parametrize("headers", [[], [("traceparent", SAMPLED)], [("traceparent", b"odd")]])
async def test_without_tracing_a_context_still_goes_from_the_event_to_its_list(
    offline: Settings, headers: list[tuple[str, bytes]]
) -> None:
    expected = SAMPLED if ("traceparent", SAMPLED) in headers else None
    kept = Kept()
    clicks, events = offline.topics.clickstream.name, offline.topics.events.name
    await Clean(offline, cast(Egress, kept))(batch(event(clicks, 0, *headers)))
    (good,) = kept.records
    assert dict(good.headers).get("traceparent") == expected
    answers = Kept()
    worker = recommend(offline, Store(), answers)
    await worker.positions({TP(events, 0): None})
    await worker(batch(Polled(events, 0, 0, b"ann", good.value, good.headers, NOW_MS)))
    (answer,) = [one for one in answers.records if one.topic == offline.topics.recommendations.name]
    assert [value for name, value in answer.headers if name == "traceparent"] == (
        [] if expected is None else [expected]
    )
