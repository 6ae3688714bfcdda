"""The real clean service on a real broker, and an account of every record it was sent."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson
from confluent_kafka import Message, Producer

from recaug.events import Reason
from recaug.kafka import Record, admin, lag, read
from recaug.settings import Settings
from recaug.topics import INPUT_BYTES
from tests.hostile.row import Fate
from tests.hostile.sent import Sent

ROOT = Path(__file__).parents[2]
Place = tuple[str, int, int]


@contextmanager
def clean_service(settings: Settings, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """One process of it; killed at the end if it still runs."""
    env = {
        **os.environ,
        "RECAUG_KAFKA": settings.kafka,
        "RECAUG_PREFIX": settings.prefix,
        "RECAUG_PARTITIONS": str(settings.partitions),
        "RECAUG_DATA_DIR": str(log.parent),
    }
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "streams", "clean"], cwd=ROOT, env=env, stdout=out, stderr=out
        )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
        process.wait()


def publish(settings: Settings, sent: Iterable[Sent], **options: Any) -> list[Place]:
    """Write records in order; where each one is."""
    producer = Producer(
        {
            "bootstrap.servers": settings.kafka,
            "partitioner": "murmur2_random",
            "message.max.bytes": INPUT_BYTES,
            "log_level": 2,
            **options,
        }
    )
    places: list[Place | None] = []

    def note(number: int) -> Callable[[Any, Message], None]:
        def told(error: Any, message: Message) -> None:
            assert error is None, error
            places[number] = (message.topic(), message.partition(), message.offset())

        return told

    for one in sent:
        places.append(None)
        where = {} if one.partition is None else {"partition": one.partition}
        producer.produce(
            settings.prefix + one.topic, one.value, one.key, headers=list(one.headers),
            on_delivery=note(len(places) - 1), **where,
        )  # fmt: skip
    assert producer.flush(60) == 0
    return [place for place in places if place is not None]


def settle(settings: Settings, process: subprocess.Popen[bytes], log: Path) -> None:
    """Wait until everything is read; fails at once when the service ends."""
    topics = [topic.name for topic in settings.topics.inputs]
    deadline = time.monotonic() + 120
    with admin(settings.kafka) as client:
        while sum(lag(client, settings.group("clean"), topics).values()):
            assert process.poll() is None, log.read_text()[-3_000:]
            assert time.monotonic() < deadline, log.read_text()[-3_000:]
            time.sleep(0.2)


class Account:
    """What became of every record, read from the topics clean writes."""

    def __init__(self, settings: Settings) -> None:
        topics = settings.topics
        self.events: dict[Place, dict[str, Any]] = {}
        self.letters: dict[Place, Record] = {}
        self.written = Counter[Place]()
        clean = [topics.events.name, topics.clean_items.name, topics.clean_users.name]
        for record in read(settings.kafka, clean):
            topic, partition, offset = (record.header("src") or b"").decode().rsplit(":", 2)
            place = topic, int(partition), int(offset)
            self.written[place] += 1
            self.events[place] = orjson.loads(record.value or b"{}")
        for record in read(settings.kafka, [topics.dead_letters.name]):
            place = self._origin(record)
            self.written[place] += 1
            self.letters[place] = record

    def _origin(self, letter: Record) -> Place:
        topic, partition, offset = (
            (letter.header(f"__streams.errors.{name}") or b"").decode()
            for name in ("topic", "partition", "offset")
        )
        return topic, int(partition), int(offset)

    def fate(self, place: Place) -> Reason | Fate:
        """What is written nowhere was a duplicate."""
        if place in self.letters:
            told = self.letters[place].header("__streams.errors.exception") or b""
            return Reason(told.decode())
        return Fate.ACCEPTED if place in self.events else Fate.DUPLICATE
