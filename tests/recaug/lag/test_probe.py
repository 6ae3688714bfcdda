"""The probe against a real broker and a real consumer group."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest
from kafka import KafkaConsumer, TopicPartition
from kafka.structs import OffsetAndMetadata

from recaug.errors import Unreachable
from recaug.kafka import admin, ensure_topics, producer
from recaug.lag import Sample, Verdict, compare, worst
from recaug.lag.probe import LagProbe
from recaug.settings import Settings


@pytest.fixture
def filled(settings: Settings) -> Settings:
    """Topics with 30 clicks in partition 0 and 12 in partition 1."""
    ensure_topics(settings)
    client = producer(settings.kafka)
    for partition, number in ((0, 30), (1, 12)):
        for _ in range(number):
            client.send(settings.topics.clickstream.name, value=b"{}", partition=partition)
    client.close()
    return settings


@pytest.fixture
def worker(filled: Settings) -> Iterator[KafkaConsumer]:
    """A member of the group of clean that has read and committed nothing yet."""
    client = KafkaConsumer(
        filled.topics.clickstream.name,
        bootstrap_servers=filled.kafka,
        group_id=filled.group("clean"),
        auto_offset_reset="earliest",
        enable_auto_commit=False,
    )
    while not client.assignment():
        client.poll(timeout_ms=50)
    yield client
    client.close()


def now_ms() -> int:
    return time.time_ns() // 1_000_000


def test_a_group_that_never_ran_is_measured_from_the_oldest_record(filled: Settings) -> None:
    with LagProbe(filled) as probe:
        sample = probe.sample(now_ms())
    key = (filled.group("clean"), filled.topics.clickstream.name)
    assert {part: position.lag for part, position in sample.positions[key].items()} == {
        0: 30,
        1: 12,
    }
    assert sample.members == {filled.group(name): 0 for name in ("clean", "learn", "recommend")}
    assert worst(compare(sample, sample)) is Verdict.STOP


def test_lag_members_and_age_are_what_the_group_left(
    filled: Settings, worker: KafkaConsumer
) -> None:
    topic = filled.topics.clickstream.name
    worker.commit({TopicPartition(topic, 0): OffsetAndMetadata(25, "", -1)})
    with LagProbe(filled) as probe:
        first = probe.sample(now_ms())
        worker.commit({TopicPartition(topic, 0): OffsetAndMetadata(28, "", -1)})
        second = probe.sample(first.at_ms + 3_000)
    parts = second.positions[filled.group("clean"), topic]
    assert {part: position.lag for part, position in parts.items()} == {0: 2, 1: 12}
    assert all(position.unread_ms is not None for position in parts.values())
    row = next(row for row in compare(first, second) if row.topic == topic)
    assert (row.members, row.lag, row.out_per_s) == (1, 14, 1.0)
    # Partition 1 was never committed although 12 records wait there.
    assert (row.verdict, row.words) == (Verdict.STALL, "its offset does not move in partition 1")


def test_two_groups_at_two_places_of_one_partition_have_ages_of_their_own(
    settings: Settings,
) -> None:
    ensure_topics(settings)
    topic = settings.topics.events.name
    client = producer(settings.kafka)
    for _ in range(2):
        client.send(topic, value=b"{}", partition=0).get(10)
        time.sleep(0.05)
    client.close()
    with admin(settings.kafka) as control:
        place = {TopicPartition(topic, 0): OffsetAndMetadata(1, "", -1)}
        control.alter_group_offsets(settings.group("recommend"), place)
    groups = [settings.group(name) for name in ("learn", "recommend")]
    deadline = time.monotonic() + 30
    with LagProbe(settings) as probe:
        # A probe looks for a second, and says "unknown" where a busy machine was slower.
        while None in (ages := ages_of(probe.sample(now_ms()), groups, topic)):
            assert time.monotonic() < deadline
    assert ages[0] < ages[1]


def ages_of(sample: Sample, groups: list[str], topic: str) -> list[Any]:
    return [sample.positions[group, topic][0].unread_ms for group in groups]


def test_every_unread_partition_is_dated_in_every_sample(settings: Settings) -> None:
    ensure_topics(settings)
    client = producer(settings.kafka)
    for topic in settings.topics.behaviour:
        for number in range(400):
            client.send(topic.name, value=b"x" * 100, partition=number % settings.partitions)
    client.close()
    with LagProbe(settings) as probe:
        for _ in range(4):
            sample = probe.sample(now_ms())
            for topic in settings.topics.behaviour:
                parts = sample.positions[settings.group("clean"), topic.name].values()
                assert [part.lag for part in parts] == [200, 200]
                assert all(part.unread_ms is not None for part in parts)


def test_no_broker_is_said_in_words() -> None:
    with pytest.raises(Unreachable, match="does not answer"):
        LagProbe(Settings(kafka="127.0.0.1:1"))
