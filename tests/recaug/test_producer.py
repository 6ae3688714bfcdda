"""The producer against the real broker."""

from secrets import token_hex
from typing import Any

import orjson
import pytest
from kafka.partitioner.default import murmur2

from recaug.errors import Failure, Unreachable
from recaug.events import Item
from recaug.kafka import Record, admin, ensure_topics, read
from recaug.producer import Producer
from recaug.settings import Settings

AT_MS = 1_764_000_000_000


def event(kind: str, **fields: object) -> dict[str, object]:
    return {"event": kind, "event_id": f"e-{kind}", "timestamp": AT_MS, **fields}


@pytest.fixture
def producer(settings: Settings) -> Producer:
    ensure_topics(settings)
    return Producer(settings.kafka, settings.prefix)


def stored(settings: Settings) -> list[Record]:
    return list(read(settings.kafka, [topic.name for topic in settings.topics.inputs]))


def test_each_kind_goes_to_its_topic_under_its_key(producer: Producer, settings: Settings) -> None:
    with producer:
        producer.send(event("click", user_id="u1", item_id="i1"))
        producer.send(event("search", anonymous_id="a1", search_term="x"))
        producer.send(event("like", user_id="u2", target_type="item", target_id="i1"))
        producer.send({"item_id": "i1", "timestamp": AT_MS})
        producer.send({"user_id": "u1", "timestamp": AT_MS})
    found = {record.topic.removeprefix(settings.prefix): record.key for record in stored(settings)}
    assert found == {
        "clickstream": b"u1",
        "searches": b"a1",
        "social": b"u2",
        "items": b"i1",
        "users": b"u1",
    }


def test_the_partition_is_the_one_every_kafka_client_chooses(
    producer: Producer, settings: Settings
) -> None:
    with producer:
        for n in range(20):
            producer.send(event("click", user_id=f"u{n}", item_id="i1"))
    for record in stored(settings):
        assert record.partition == (murmur2(record.key) & 0x7FFFFFFF) % settings.partitions


def test_models_and_bytes_are_sent_in_canonical_form(
    producer: Producer, settings: Settings
) -> None:
    raw = orjson.dumps(event("click", user_id="u1", item_id="i1"))
    with producer:
        producer.send(raw)
        producer.send(Item(item_id="i1", timestamp=AT_MS, name="Lamp"))
    by_topic = {r.topic.removeprefix(settings.prefix): r.value for r in stored(settings)}
    assert by_topic["clickstream"] == raw
    document = orjson.loads(by_topic["items"] or b"")
    assert document["name"] == "Lamp"
    assert "brand" not in document


@pytest.mark.parametrize(
    ("message", "topic", "key"),
    [
        ({"type": "track", "event": "Products Searched", "userId": "u1"}, "searches", b"u1"),
        ({"event_name": "view_item", "event_params": [], "user_pseudo_id": "c"}, "clickstream",
         b"c"),
        ({"event": "interaction", "type": "like", "user": "u2", "item": "i"}, "social", b"u2"),
        ({"event": "item", "item": "i1", "timestamp": AT_MS}, "items", b"i1"),
        ({"type": "identify", "userId": "u3"}, "users", b"u3"),
        ({"event": "click", "event_id": "e", "timestamp": AT_MS, "user_id": 7}, "clickstream",
         b"7"),
    ],
)  # fmt: skip
def test_every_dialect_goes_where_ours_goes(
    producer: Producer, settings: Settings, message: dict[str, Any], topic: str, key: bytes
) -> None:
    with producer:
        producer.send(message)
        producer.send(orjson.dumps(message))
    found = [(r.topic.removeprefix(settings.prefix), r.key) for r in stored(settings)]
    assert found == [(topic, key)] * 2


def test_anything_travels_to_a_named_topic(producer: Producer, settings: Settings) -> None:
    topics = producer.topics
    with producer:
        producer.send(b"{broken", topics.social, "u1", headers=[("ce_id", b"1")])
        producer.send(None, topics.items, "i9")
    broken, deleted = sorted(stored(settings), key=lambda record: record.topic, reverse=True)
    assert (broken.key, broken.value, broken.header("ce_id")) == (b"u1", b"{broken", b"1")
    assert (deleted.key, deleted.value) == (b"i9", None)


@pytest.mark.parametrize("message", [b"{broken", b"[1]", {"name": "Lamp"}, None])
def test_what_belongs_nowhere_is_refused(producer: Producer, message: object) -> None:
    with producer, pytest.raises(ValueError):
        producer.send(message)  # type: ignore[arg-type]


def test_a_topic_that_is_not_there_is_named(kafka: str) -> None:
    with Producer(kafka, "nobodys.", timeout_s=3) as producer, pytest.raises(Failure) as told:
        producer.send(event("click", user_id="u1", item_id="i1"))
    assert "nobodys.clickstream" in told.value.what
    assert "recaug up" in told.value.mend


def test_flush_tells_what_the_broker_refused(settings: Settings) -> None:
    spec = {"num_partitions": 1, "replication_factor": 1, "configs": {"max.message.bytes": "200"}}
    with admin(settings.kafka) as client:
        client.create_topics({settings.topics.clickstream.name: spec})
        client.wait_for_topics([settings.topics.clickstream.name])
    with Producer(settings.kafka, settings.prefix) as producer:
        producer.send(event("click", user_id="u1", item_id="i1", note=token_hex(500)))
        with pytest.raises(Failure) as told:
            producer.flush()
        producer.flush()
    assert told.value.what == "1 messages were not stored"
    assert "MessageSizeTooLarge" in told.value.why


def test_a_message_no_topic_would_take_is_refused_at_once(producer: Producer) -> None:
    with producer, pytest.raises(Failure):
        producer.send(bytes(2_000_000), producer.topics.social, "u1")


def test_no_broker_is_unreachable() -> None:
    with pytest.raises(Unreachable):
        Producer("127.0.0.1:1", timeout_s=1)
