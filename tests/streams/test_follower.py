"""Whole topics, read outside any group and then followed."""

from __future__ import annotations

import queue
from collections.abc import Callable, Iterator, Mapping

import pytest

from recaug.kafka import ensure_topics, producer
from recaug.settings import Settings
from streams.follower import Followed, Follower, Source

Follow = Callable[[Settings, Mapping[str, Source]], None]


@pytest.fixture
def follow() -> Iterator[Follow]:
    """Start a follower that has caught up; it is closed after the test."""
    started: list[Follower] = []

    def start(settings: Settings, sources: Mapping[str, Source]) -> None:
        started.append(Follower(settings.kafka, sources))
        assert started[-1].start()

    yield start
    for follower in started:
        follower.close()


def publish(settings: Settings, topic: str, values: list[bytes | None]) -> None:
    client = producer(settings.kafka)
    for number, value in enumerate(values):
        client.send(topic, key=b"k%d" % number, value=value, headers=[("h", b"1")])
    client.flush()
    client.close()


def test_what_was_there_is_handled_before_start_returns_and_the_rest_follows(
    settings: Settings, follow: Follow
) -> None:
    ensure_topics(settings)
    items, models = settings.topics.clean_items.name, settings.topics.models.name
    publish(settings, items, [b"1", b"2", None])
    seen: queue.Queue[Followed] = queue.Queue()
    follow(settings, {items: Source(seen.put), models: Source(seen.put)})
    before = {found.key: found for found in (seen.get_nowait() for _ in range(3))}
    assert {key: found.value for key, found in before.items()} == {
        "k0": b"1",
        "k1": b"2",
        "k2": None,
    }
    assert before["k0"].headers == {"h": b"1"}
    publish(settings, models, [b"new"])
    assert seen.get(timeout=60).value == b"new"


def test_a_tail_is_the_newest_of_each_partition(settings: Settings, follow: Follow) -> None:
    ensure_topics(settings)
    topic = settings.topics.models.name  # one partition: its order is the order of sending
    publish(settings, topic, [b"%d" % n for n in range(10)])
    seen: queue.Queue[Followed] = queue.Queue()
    follow(settings, {topic: Source(seen.put, tail=3)})
    assert [seen.get_nowait().value for _ in range(3)] == [b"7", b"8", b"9"]
    assert seen.empty()


def test_an_empty_topic_is_caught_up_at_once(settings: Settings, follow: Follow) -> None:
    ensure_topics(settings)
    follow(settings, {settings.topics.models.name: Source(print)})
