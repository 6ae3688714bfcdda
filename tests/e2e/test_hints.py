"""Hints of `recaug lag` about real services, each in the trouble that the hint is about."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bench.untrained import promote
from recaug.kafka import ensure_topics, producer
from recaug.lag.causes import Cause, Hint
from recaug.local.ports import free_port
from recaug.local.process import spawn
from recaug.local.redis import binary
from recaug.pulse import Pulse
from recaug.settings import Settings
from tests.e2e.faults.proxy import Proxy
from tests.e2e.flooded import flood, service, trickle, watch

pytestmark = pytest.mark.e2e

PARTITIONS = 4


@pytest.fixture
def installed(settings: Settings) -> Settings:
    ready = settings.model_copy(update={"partitions": PARTITIONS})
    ensure_topics(ready)
    return ready


@pytest.fixture
def far_redis(tmp_path: Path) -> Iterator[tuple[str, Proxy]]:
    """A real Redis behind a line that can be made slow."""
    behind, line = free_port(), free_port()
    command = [str(binary()), "--port", str(behind), "--save", "", "--dir", str(tmp_path)]
    process = spawn(command, tmp_path / "redis.log")
    try:
        with Proxy(line, behind) as proxy:
            yield f"redis://127.0.0.1:{line}", proxy
    finally:
        process.kill()
        process.wait()


def causes(found: list[Hint]) -> list[Cause]:
    return [hint.cause for hint in found]


def says_learn(settings: Settings) -> None:
    """What learn publishes of itself on this host while it trains."""
    pulse = Pulse(
        service="learn", worker="learn-1", host=socket.gethostname(),
        at_ms=time.time_ns() // 1_000_000, span_s=5.0, records=0, batches=0, busy_s=0.0,
        stage_s={"train": 5.0}, cpu_s=0.1, cores=2, load=1.0, fine_tuning=True, partitions=4,
    )  # fmt: skip
    client = producer(settings.kafka)
    client.send(settings.topics.pulses.name, pulse.model_dump_json().encode(), b"learn/learn-1")
    client.close()


def test_a_slow_redis(installed: Settings, tmp_path: Path, far_redis: tuple[str, Proxy]) -> None:
    url, line = far_redis
    far = installed.model_copy(update={"redis": url})
    with (
        trickle(installed, installed.topics.events.name),
        service("recommend", far, tmp_path) as worker,
    ):
        line.delay_s = 0.3
        (hint,) = watch(far, "recommend", worker, lambda found: causes(found) == [Cause.REDIS])
    assert hint.more_workers is False
    assert hint.evidence["state"] >= 0.5
    assert "redis-cli --latency" in hint.mend


def with_room(pulse: Pulse) -> Pulse:
    """Wherever the tests run, others may use the host too: the worker itself is real."""
    return pulse.model_copy(update={"load": 0.5, "cpu_s": pulse.busy_s})


def starved(pulse: Pulse) -> Pulse:
    """The same worker where others take what it asks for, however many processors there are."""
    return pulse.model_copy(update={"load": 1.0, "cpu_s": 0.3 * pulse.busy_s})


def test_a_scorer_that_takes_the_time_then_a_host_without_a_processor_then_a_fine_tune_there(
    installed: Settings, tmp_path: Path
) -> None:
    promote(installed, 200_000)
    flood(installed, installed.topics.events.name, 60_000, items=200_000)
    # Every event gets a list of its own.
    with service("recommend", installed, tmp_path, RECAUG_COALESCE="never") as worker:

        def only(cause: Cause, seen: Callable[[Pulse], Pulse]) -> Hint:
            (hint,) = watch(
                installed, "recommend", worker, lambda found: causes(found) == [cause], seen
            )
            return hint

        scorer = only(Cause.SCORER, with_room)
        host = only(Cause.HOST, starved)
        says_learn(installed)
        tune = only(Cause.FINE_TUNE, starved)
    assert scorer.evidence["score"] >= 0.5
    # One worker of four possible ones, on a host with room.
    assert scorer.more_workers is True
    assert "--scale recommend=4" in scorer.mend
    assert "RECAUG_PROVIDER=cuda" in scorer.mend
    assert host.more_workers is False
    assert host.evidence["cpu"] < 0.8
    assert "another host would help" in host.words
    assert tune.more_workers is False
    assert "RECAUG_TRAIN_THREADS" in tune.mend
