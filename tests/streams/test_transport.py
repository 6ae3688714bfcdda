"""The batch transport on a real broker: what is handled, what is committed, whatever happens."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from recaug.kafka import admin, end_offsets, lag, producer
from recaug.settings import Settings
from streams.agent import FATAL

ROOT = Path(__file__).parents[2]
Place = tuple[str, int, int]


class Worker:
    """A worker process and what it wrote down."""

    def __init__(self, settings: Settings, out: Path, topics: list[str], **behaviour: str) -> None:
        self.out = out
        env = {
            **os.environ,
            "RECAUG_KAFKA": settings.kafka,
            "RECAUG_PREFIX": settings.prefix,
            "RECAUG_DATA_DIR": str(out.parent / f"data-{out.name}"),
            **{f"RECAUG_{name.upper()}": value for name, value in behaviour.items()},
        }
        self.log = out.with_suffix(".log").open("ab")
        self.said = out.with_suffix(".said")
        command = [sys.executable, "-m", "tests.streams.worker", str(out), *topics]
        with self.said.open("wb") as said:
            self.process = subprocess.Popen(
                command, cwd=ROOT, env=env, stdout=said, stderr=self.log
            )

    def ready(self) -> bool:
        return b'"ready"' in self.said.read_bytes()

    def handled(self) -> list[Place]:
        if not self.out.exists():
            return []
        lines = self.out.read_text().splitlines()
        return [(topic, int(p), int(o)) for topic, p, o in map(str.split, lines)]

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        code = self.process.wait(30)
        self.log.close()
        return code


@pytest.fixture
def topics(settings: Settings) -> list[str]:
    names = [f"{settings.prefix}a", f"{settings.prefix}b"]
    with admin(settings.kafka) as client:
        client.create_topics(
            {name: {"num_partitions": 2, "replication_factor": 1} for name in names}
        )
        client.wait_for_topics(names)
    return names


@pytest.fixture
def work(settings: Settings, tmp_path: Path, topics: list[str]) -> Iterator[Callable[..., Worker]]:
    started: list[Worker] = []

    def start(name: str = "out", **behaviour: str) -> Worker:
        started.append(Worker(settings, tmp_path / name, topics, **behaviour))
        return started[-1]

    yield start
    for worker in started:
        if worker.process.poll() is None:
            worker.stop(signal.SIGKILL)
        worker.log.close()


def publish(settings: Settings, topic: str, count: int, value: bytes = b"x") -> None:
    client = producer(settings.kafka)
    for number in range(count):
        client.send(topic, key=str(number).encode(), value=value)
    client.flush()
    client.close()


def everything(settings: Settings, topics: list[str]) -> set[Place]:
    ends = end_offsets(settings.kafka, topics)
    return {(*at, offset) for at, end in ends.items() for offset in range(end)}


def until(condition: Callable[[], bool], patience_s: float = 60.0) -> None:
    deadline = time.monotonic() + patience_s
    while not condition():
        assert time.monotonic() < deadline, "it did not come about in time"
        time.sleep(0.1)


def unacknowledged(settings: Settings, topics: list[str]) -> int:
    with admin(settings.kafka) as client:
        return sum(lag(client, settings.group("test"), topics).values())


def test_two_topics_of_uneven_load_are_handled_once_and_committed_to_the_end(
    settings: Settings, topics: list[str], work: Callable[..., Worker]
) -> None:
    publish(settings, topics[0], 3_000)
    publish(settings, topics[1], 7)
    worker = work()
    until(lambda: unacknowledged(settings, topics) == 0)
    publish(settings, topics[1], 500)
    until(lambda: unacknowledged(settings, topics) == 0)
    assert worker.stop() == 0
    handled = Counter(worker.handled())
    assert set(handled) == everything(settings, topics)
    assert set(handled.values()) == {1}


def test_each_partition_is_handled_in_order(
    settings: Settings, topics: list[str], work: Callable[..., Worker]
) -> None:
    publish(settings, topics[0], 2_000)
    worker = work()
    until(lambda: unacknowledged(settings, topics) == 0)
    for partition in (0, 1):
        offsets = [o for t, p, o in worker.handled() if (t, p) == (topics[0], partition)]
        assert offsets == sorted(offsets)


def test_killed_in_the_middle_of_batches_nothing_is_lost(
    settings: Settings, topics: list[str], work: Callable[..., Worker]
) -> None:
    for _ in range(3):
        publish(settings, topics[0], 400)
        publish(settings, topics[1], 100)
        worker = work(worker="0", test_slow_s="0.3")
        before = len(worker.handled())
        until(lambda worker=worker, before=before: len(worker.handled()) > before)  # type: ignore[misc]
        worker.stop(signal.SIGKILL)
    last = work(worker="0")
    until(lambda: unacknowledged(settings, topics) == 0)
    assert set(last.handled()) == everything(settings, topics)


def test_a_batch_that_fails_ends_the_worker_and_is_not_committed(
    settings: Settings, topics: list[str], work: Callable[..., Worker]
) -> None:
    publish(settings, topics[0], 100)
    worker = work(worker="0", test_poison="bad")
    until(lambda: unacknowledged(settings, topics) == 0)
    publish(settings, topics[0], 10, b"bad")
    assert worker.process.wait(60) == FATAL
    assert unacknowledged(settings, topics) == 10
    cured = work(worker="0")
    until(lambda: unacknowledged(settings, topics) == 0)
    assert set(cured.handled()) == everything(settings, topics)


def test_stopped_with_a_batch_in_hand_it_is_finished_and_committed(
    settings: Settings, topics: list[str], work: Callable[..., Worker]
) -> None:
    publish(settings, topics[0], 500)
    worker = work(test_slow_s="1.5")
    until(lambda: len(worker.handled()) > 0)
    assert worker.stop() == 0
    handled = len(worker.handled())
    assert unacknowledged(settings, topics) == 500 - handled


def test_rebalances_lose_nothing(
    settings: Settings, topics: list[str], work: Callable[..., Worker]
) -> None:
    publish(settings, topics[0], 2_000)
    first = work("first", test_slow_s="0.05")
    until(lambda: len(first.handled()) > 0)
    second = work("second", test_slow_s="0.05")
    while not second.ready():
        publish(settings, topics[0], 100)
    publish(settings, topics[0], 1_000)
    publish(settings, topics[1], 1_000)
    until(lambda: len(second.handled()) > 0)
    first.stop()
    publish(settings, topics[1], 500)
    until(lambda: unacknowledged(settings, topics) == 0)
    assert {*first.handled(), *second.handled()} == everything(settings, topics)


def test_the_owners_position_wins_over_the_committed_one(
    settings: Settings, topics: list[str], work: Callable[..., Worker]
) -> None:
    publish(settings, topics[0], 200)
    first = work("first", worker="0")
    until(lambda: unacknowledged(settings, topics) == 0)
    first.stop()
    second = work("second", worker="0", test_start="5")
    publish(settings, topics[0], 200)
    wanted = {place for place in everything(settings, topics) if place[2] >= 5}
    until(lambda: wanted <= set(second.handled()))
    assert set(second.handled()) == wanted
