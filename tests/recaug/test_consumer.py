"""The consumer against the real broker: what is handled, what is told again, what is not told."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import Any

import pytest
from kafka.admin import MemberToRemove

import recaug
from recaug import AsyncConsumer, Consumer
from recaug.errors import Failure, Unreachable
from recaug.events import Recommendation
from recaug.kafka import admin, ensure_topics, lag
from recaug.producer import Producer
from recaug.settings import Settings
from tests.recaug.lists import answer, publish

#: Whoever waits so long for a list has failed.
PATIENCE_S = 60.0


@pytest.fixture
def lists(settings: Settings) -> Settings:
    """An installation whose lists are in one partition, and so in one order."""
    settings = settings.model_copy(update={"partitions": 1})
    ensure_topics(settings)
    return settings


def group(settings: Settings) -> str:
    return f"{settings.prefix}shop"


def consumer(settings: Settings, **options: Any) -> Consumer:
    options = {"idle_s": PATIENCE_S, **options}
    return Consumer(settings.kafka, group(settings), settings.prefix, **options)


def names(found: Iterable[Recommendation]) -> list[str]:
    return [one.source_event.event_id for one in found]


def told(settings: Settings, count: int) -> list[str]:
    """The next `count` lists the group is told, all handled."""
    with consumer(settings) as lists:
        return names(islice(lists, count))


def left(settings: Settings) -> int:
    with admin(settings.kafka) as client:
        topic = settings.topics.recommendations.name
        return sum(lag(client, group(settings), [topic]).values())


def test_lists_are_typed_and_a_second_run_goes_on_after_the_first(lists: Settings) -> None:
    publish(lists, *(answer("u1", f"e{n}", ["a", "b"]) for n in range(4)))
    with consumer(lists) as first:
        found = list(islice(first, 3))
    assert names(found) == ["e0", "e1", "e2"]
    assert isinstance(found[0], Recommendation)
    assert [item.item_id for item in found[0].items] == ["a", "b"]
    assert left(lists) == 1
    assert told(lists, 1) == ["e3"]
    assert left(lists) == 0


def test_duplicates_expired_lists_and_nulls_are_passed_over_and_committed(lists: Settings) -> None:
    twice = answer("u1", "e1")
    publish(lists, twice, answer("u1", "old", lives_s=-60), twice, answer("u1", "e2"))
    with Producer(lists.kafka, lists.prefix) as producer:
        producer.send(None, lists.topics.recommendations, "u9")
        producer.send(b"{broken", lists.topics.recommendations, "u1")
    publish(lists, answer("u2", "e3"))
    with consumer(lists) as reader:
        assert names(islice(reader, 3)) == ["e1", "e2", "e3"]
        assert reader.skipped == {"expired": 1, "duplicate": 1, "unreadable": 1}
    assert left(lists) == 0


def test_what_was_not_handled_is_told_again(lists: Settings) -> None:
    publish(lists, *(answer("u1", f"e{n}") for n in range(3)))
    with pytest.raises(ZeroDivisionError), consumer(lists) as reader:
        for one in reader:
            if one.source_event.event_id == "e1":
                raise ZeroDivisionError
    assert left(lists) == 2, "e0 alone was handled"
    with consumer(lists) as reader:
        assert names([next(iter(reader)), next(iter(reader))]) == ["e1", "e1"], "loops left early"
        assert names(islice(reader, 2)) == ["e1", "e2"]


def test_whoever_was_erased_is_named_and_their_older_lists_are_not_told(lists: Settings) -> None:
    publish(lists, answer("u1", "e1"))
    with Producer(lists.kafka, lists.prefix) as producer:
        producer.send({"user_id": "u2", "timestamp": 1}, lists.topics.clean_users, "u2")
        producer.send(None, lists.topics.clean_users, "u1")
        producer.send(None, lists.topics.recommendations, "u2")
    publish(lists, answer("u3", "e3"), answer("u1", "e4"))
    erased: list[str] = []
    found: list[str] = []
    with consumer(lists, on_erased=erased.append) as reader:
        for one in reader:
            found.append(one.source_event.event_id)
            if found[-1] == "e4":
                break
        # The topics have no common order: the null may come after everything else.
        _drain(lists, reader, lambda: len(erased) == 2)
    assert set(erased) == {"u1", "u2"}
    # Before its null was read, e1 was a list like any other.
    assert [name for name in found if name != "e1"] == ["e3", "e4"]


def _drain(settings: Settings, reader: Consumer, enough: Callable[[], bool]) -> None:
    """Read on, a new list at a time, until it is enough."""
    lists = iter(reader)
    for n in range(50):
        if enough():
            return
        publish(settings, answer("u3", f"more-{n}"))
        next(lists)
    raise AssertionError("it never was enough")


def test_two_members_share_the_partitions_and_lose_nothing(settings: Settings) -> None:
    ensure_topics(settings)
    every = [f"e{n}" for n in range(20)]
    publish(settings, *(answer(f"u{n}", name) for n, name in enumerate(every)))
    with consumer(settings, idle_s=6.0) as one, consumer(settings, idle_s=6.0) as other:
        with ThreadPoolExecutor() as threads:
            found = list(threads.map(lambda reader: names(reader), (one, other)))
        missing = set(every).difference(*found)
    # Slow machines may take longer than that to share: the rest is told to whoever comes.
    assert not missing or set(told(settings, len(missing))) >= missing


DIES = """
import os, signal, sys
from recaug import Consumer
broker, prefix, group = sys.argv[1:]
with Consumer(broker, group, prefix) as lists:
    for one in lists:
        print(one.source_event.event_id, flush=True)
        if one.source_event.event_id == "e3":
            os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_killed_reader_loses_nothing(lists: Settings) -> None:
    publish(lists, *(answer("u1", f"e{n}") for n in range(6)))
    died = subprocess.run(
        [sys.executable, "-c", DIES, lists.kafka, lists.prefix, group(lists)],
        env=os.environ, capture_output=True, text=True, timeout=PATIENCE_S, check=False,
    )  # fmt: skip
    assert died.returncode == -signal.SIGKILL, died.stderr
    assert died.stdout.split() == ["e0", "e1", "e2", "e3"]
    _bury(lists)
    unhandled = left(lists)
    assert unhandled >= 3, "e3 was in hand"
    assert told(lists, unhandled) == [f"e{n}" for n in range(6)][-unhandled:]


def _bury(settings: Settings) -> None:
    """Take the dead out of the group at once: it would keep its partitions for 45 s."""
    with admin(settings.kafka) as client:
        (found,) = client.describe_groups([group(settings)]).values()
        members = [MemberToRemove(member_id=member["member_id"]) for member in found["members"]]
        client.remove_group_members(group(settings), members)


def reader(settings: Settings, **options: Any) -> AsyncConsumer:
    options = {"idle_s": PATIENCE_S, **options}
    return AsyncConsumer(settings.kafka, group(settings), settings.prefix, **options)


async def test_the_same_for_asyncio(lists: Settings) -> None:
    publish(lists, *(answer("u1", f"e{n}") for n in range(2)))
    found: list[str] = []
    with pytest.raises(ZeroDivisionError):
        async with reader(lists) as first:
            async for one in first:
                if one.source_event.event_id == "e1":
                    raise ZeroDivisionError
                found.append(one.source_event.event_id)
    assert found == ["e0"]
    assert left(lists) == 1
    with Producer(lists.kafka, lists.prefix) as producer:
        producer.send(None, lists.topics.recommendations, "u9")
    publish(lists, answer("u1", "e2"))
    erased: list[str] = []

    async def forget(user: str) -> None:
        erased.append(user)

    async with reader(lists, on_erased=forget) as second:
        async for one in second:
            found.append(one.source_event.event_id)
            if found[-1] == "e2":
                break
    assert (found, erased) == (["e0", "e1", "e2"], ["u9"])
    assert left(lists) == 0


async def test_a_loop_that_is_cancelled_loses_nothing(lists: Settings) -> None:
    async with reader(lists) as told:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                [one async for one in told]
        publish(lists, answer("u1", "e1"))
        assert names([await anext(aiter(told))]) == ["e1"]


def test_a_loop_ends_when_nothing_comes(lists: Settings) -> None:
    with consumer(lists, idle_s=0.5) as reader:
        assert list(reader) == []


def test_a_topic_or_a_broker_that_is_not_there(kafka: str) -> None:
    with pytest.raises(Failure, match=r"nobodys\.recommendations is not there"):
        Consumer(kafka, "shop", "nobodys.")
    with pytest.raises(Unreachable):
        Consumer("127.0.0.1:1", "shop", timeout_s=1)


LIGHT = """
import sys
import recaug
recaug.Consumer, recaug.AsyncConsumer, recaug.Producer
heavy = "numpy torch faust aiokafka confluent_kafka redis onnxruntime pyarrow typer rich".split()
print(*(name for name in heavy if name in sys.modules))
"""


def test_a_shop_installs_kafka_python_and_pydantic_and_little_else() -> None:
    done = subprocess.run([sys.executable, "-c", LIGHT], capture_output=True, text=True, check=True)
    assert done.stdout == "\n"


@pytest.mark.parametrize("name", recaug.__all__)
def test_the_package_names_what_a_shop_needs(name: str) -> None:
    found: Callable[..., Any] = getattr(recaug, name)
    assert found.__name__ == name


def test_the_package_has_nothing_else() -> None:
    with pytest.raises(AttributeError, match="no attribute 'Broker'"):
        recaug.Broker  # noqa: B018
