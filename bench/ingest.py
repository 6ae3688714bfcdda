"""The clean stage alone, against a stock Faust agent that does less: events a second."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import orjson
from confluent_kafka import Producer

from bench.result import Result
from recaug.kafka import end_offsets, ensure_topics
from recaug.local.kafka import LocalKafka
from recaug.settings import Settings

OURS, THEIRS, ROUNDS = 100_000, 10_000, 3


def run() -> Iterator[Result]:
    """Several rounds in turn on one broker; the peer gets fewer events, or it takes minutes."""
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        broker = LocalKafka(directory / "kafka", port=None)
        bootstrap = broker.start()
        try:
            rates: dict[str, list[float]] = {"streams": [], "stock": []}
            for _ in range(ROUNDS):
                rates["streams"].append(_rate(bootstrap, directory, OURS, ["streams", "clean"]))
                rates["stock"].append(_rate(bootstrap, directory, THEIRS, ["bench.stock"]))
        finally:
            broker.stop()
    yield Result.of_rates(
        "ingest", rates["streams"], "stock Faust agent", rates["stock"], "events/s", rounds=ROUNDS
    )


def _rate(bootstrap: str, directory: Path, events: int, module: list[str]) -> float:
    """Events a second between the first output and the last."""
    settings = Settings(kafka=bootstrap, prefix=f"b{uuid.uuid4().hex[:8]}.", data_dir=directory)
    ensure_topics(settings)
    _publish(settings, events)
    env = {
        **os.environ,
        "RECAUG_KAFKA": bootstrap,
        "RECAUG_PREFIX": settings.prefix,
        "RECAUG_DATA_DIR": str(directory / settings.prefix),
    }
    worker = subprocess.Popen(
        [sys.executable, "-m", *module], env=env,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        return _watch(settings, events)
    finally:
        worker.kill()
        worker.wait()


def _publish(settings: Settings, events: int) -> None:
    producer = Producer({"bootstrap.servers": settings.kafka, "partitioner": "murmur2_random"})
    now = int(time.time() * 1000)
    for n in range(events):
        user = f"u{n % 5_000}"
        event = {
            "event": "click",
            "event_id": f"e{n}",
            "timestamp": now,
            "user_id": user,
            "item_id": f"i{n % 10_000}",
        }
        producer.produce(settings.topics.clickstream.name, orjson.dumps(event), user.encode())
        if n % 1_000 == 0:
            producer.poll(0)
    producer.flush()


def _watch(settings: Settings, events: int, patience_s: float = 180.0) -> float:
    first = (0.0, 0)
    give_up = time.monotonic() + patience_s
    while time.monotonic() < give_up:
        done = sum(end_offsets(settings.kafka, [settings.topics.events.name]).values())
        now = time.monotonic()
        if done >= events:
            return (events - first[1]) / max(now - first[0], 1e-9)
        if done and not first[1]:
            first = now, done
        time.sleep(0.02)
    raise TimeoutError(f"{events} events were not done in {patience_s:.0f} s")
