"""One real service with far more to read than it can, and what `recaug lag` would say of it."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import orjson
from confluent_kafka import Producer

from recaug.lag import Row, compare
from recaug.lag.causes import Hint
from recaug.lag.hint import hints
from recaug.lag.hot import HotKeys
from recaug.lag.probe import LagProbe
from recaug.lag.pulses import Pulses
from recaug.local.process import spawn
from recaug.pulse import Pulse
from recaug.settings import Settings
from tests.e2e.house import ROOT

#: Records older than this are "behind" here: a test cannot wait for ten seconds of lag.
MAX_LAG_S = 0.5

#: How long a situation may take to come about, seconds.
PATIENCE_S = 90.0

#: No two events are the same.
NUMBERS = count()


@contextmanager
def service(
    name: str, settings: Settings, directory: Path, **environment: str
) -> Iterator[subprocess.Popen[bytes]]:
    """`python -m streams NAME`, killed at the end: it has too much to do to stop in order."""
    env = {
        **os.environ,
        "RECAUG_KAFKA": settings.kafka,
        "RECAUG_PREFIX": settings.prefix,
        "RECAUG_REDIS": settings.redis,
        "RECAUG_DATA_DIR": str(settings.data_dir),
        "RECAUG_WORKER": "w1",
        **environment,
    }
    command = [sys.executable, "-m", "streams", name]
    process = spawn(command, directory / f"{name}.log", env=env, cwd=ROOT)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


@contextmanager
def trickle(settings: Settings, topic: str, per_s: int = 200) -> Iterator[None]:
    """Publish a few clicks all the time."""
    stopping = threading.Event()

    def publish() -> None:
        while not stopping.wait(0.1):
            flood(settings, topic, per_s // 10)

    thread = threading.Thread(target=publish)
    thread.start()
    try:
        yield
    finally:
        stopping.set()
        thread.join()


def flood(
    settings: Settings, topic: str, number: int, users: int = 5_000, items: int = 100
) -> None:
    """Publish so many clicks of many users, as clean writes them and producers may."""
    client = Producer(
        {
            "bootstrap.servers": settings.kafka,
            "partitioner": "murmur2_random",
            "queue.buffering.max.messages": number + 1,
            "compression.type": "lz4",
            "linger.ms": 50,
        }
    )
    now_ms = _now_ms()
    for _ in range(number):
        n = next(NUMBERS)
        user = f"u-{n % users}"
        client.produce(topic, _click(n, now_ms, user, f"i{n % items}"), user, headers=_src(n))
    client.flush()


def _click(number: int, at_ms: int, user: str, item: str) -> bytes:
    event = {"event": "click", "event_id": f"e-{number}", "timestamp": at_ms, "user_id": user,
             "item_id": item}  # fmt: skip
    return orjson.dumps(event)


def _src(number: int) -> dict[str, str | bytes | None]:
    return {"src": f"clickstream:0:{number}"}


def watch(
    settings: Settings,
    name: str,
    process: subprocess.Popen[bytes],
    until: Callable[[list[Hint]], bool],
    change: Callable[[Pulse], Pulse] = lambda pulse: pulse,
) -> list[Hint]:
    """Look at a service every two seconds until its hints are as wanted; return the last ones.

    :param change: what to think of a pulse, for what a test does not create.
    """
    deadline_s = time.monotonic() + PATIENCE_S
    with (
        LagProbe(settings, [name]) as probe,
        Pulses(settings) as pulses,
        HotKeys(settings.broker) as keys,
    ):
        before = probe.sample(_now_ms())
        while True:
            time.sleep(2.0)
            now = probe.sample(_now_ms())
            rows: list[Row] = keys.named(compare(before, now, MAX_LAG_S))
            told = [change(pulse) for pulse in pulses.fresh(now.at_ms)]
            found = hints(rows, told)
            if until(found):
                return found
            assert process.poll() is None, f"{name} has ended"
            assert time.monotonic() < deadline_s, f"{found}\n{told}"
            before = now


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
