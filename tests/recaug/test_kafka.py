"""The helpers on the real broker."""

from __future__ import annotations

import pytest
from kafka import OffsetAndMetadata, TopicPartition

from recaug.errors import Failure, Unreachable
from recaug.kafka import (
    admin,
    consumer,
    end_offsets,
    ensure_topics,
    lag,
    partition_counts,
    producer,
    read,
    start_offsets,
)
from recaug.local.ports import free_port
from recaug.settings import Settings


def publish(settings: Settings, topic: str, values: list[bytes], key: bytes = b"u") -> None:
    client = producer(settings.kafka)
    for value in values:
        client.send(topic, value, key=key, headers=[("n", b"1"), ("n", value)])
    client.close()


def test_topics_are_created_as_declared_and_only_once(settings: Settings) -> None:
    counts = ensure_topics(settings)
    assert ensure_topics(settings) == counts
    assert counts == {t.name: 1 if t.key == "model" else 2 for t in settings.topics.all}
    with admin(settings.kafka) as client:
        from kafka.admin import ConfigResource

        for topic in (settings.topics.clickstream, settings.topics.items):
            found = client.describe_configs([ConfigResource("TOPIC", topic.name)])
            shown = str(found)
            assert "LogAppendTime" in shown


def test_existing_topics_decide_for_new_ones(settings: Settings) -> None:
    with admin(settings.kafka) as client:
        client.create_topics(
            {settings.topics.clickstream.name: {"num_partitions": 3}}, wait_for_metadata=True
        )
    counts = ensure_topics(settings)
    assert counts[settings.topics.recommendations.name] == 3


def test_unequal_partitions_are_refused(settings: Settings) -> None:
    topics = settings.topics
    with admin(settings.kafka) as client:
        client.create_topics(
            {topics.clickstream.name: {"num_partitions": 1}}, wait_for_metadata=True
        )
        client.create_topics({topics.events.name: {"num_partitions": 2}}, wait_for_metadata=True)
    with pytest.raises(Failure, match="equal partition counts") as refused:
        ensure_topics(settings)
    assert f"{topics.clickstream.name} 1" in refused.value.why
    with admin(settings.kafka) as client:
        assert len(partition_counts(client, topics.all)) == 2  # nothing else was created


def test_too_many_replicas_are_a_failure(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    from recaug import kafka as helpers

    monkeypatch.setattr(helpers, "CREATE_S", 0.0)
    with pytest.raises(Failure, match="could not be created") as failed:
        ensure_topics(settings.model_copy(update={"replication": 3}))
    assert "RECAUG_REPLICATION" in failed.value.mend


def test_read_yields_exactly_the_range(settings: Settings) -> None:
    ensure_topics(settings)
    name = settings.topics.clickstream.name
    publish(settings, name, [b"0", b"1", b"2"])
    middle = end_offsets(settings.kafka, [name])
    publish(settings, name, [b"3", b"4"])
    end = end_offsets(settings.kafka, [name])
    publish(settings, name, [b"5"])

    records = list(read(settings.kafka, [name], middle, end))

    assert [r.value for r in records] == [b"3", b"4"]
    assert [r.offset for r in records] == [3, 4]
    assert {r.key for r in records} == {b"u"}
    assert records[0].header("n") == b"3"  # the last of two
    assert records[0].header("none") is None
    assert records[0].timestamp_ms > 1_600_000_000_000
    assert [r.value for r in read(settings.kafka, [name])] == [b"%d" % n for n in range(6)]
    assert list(read(settings.kafka, [name], end, end)) == []


def test_topics_that_do_not_exist_have_no_offsets(settings: Settings) -> None:
    name = settings.topics.clickstream.name
    assert end_offsets(settings.kafka, [name]) == start_offsets(settings.kafka, [name]) == {}
    assert list(read(settings.kafka, [name])) == []


def test_lag_counts_from_the_first_record_until_something_is_committed(settings: Settings) -> None:
    ensure_topics(settings)
    name = settings.topics.clickstream.name
    publish(settings, name, [b"x"] * 5)
    group = settings.group("clean")
    with admin(settings.kafka) as client:
        before = lag(client, group, [name])
        assert sorted(before.values()) == [0, 5]
        at = TopicPartition(*max(before, key=lambda at: before[at]))
        client.alter_group_offsets(group, {at: OffsetAndMetadata(3, "", -1)})
        assert sorted(lag(client, group, [name]).values()) == [0, 2]


@pytest.mark.parametrize("connect", [admin, producer, consumer])
def test_a_broker_that_is_not_there_is_named(connect: object) -> None:
    address = f"127.0.0.1:{free_port()}"
    with pytest.raises(Unreachable, match=address):
        connect(address, 0.3)  # type: ignore[operator]


@pytest.mark.parametrize("address", ["no.such.host.invalid:1", "localhost", "localhost:port", ""])
def test_a_broker_whose_name_is_nonsense(address: str) -> None:
    with pytest.raises(Unreachable):
        admin(address, 0.1)
