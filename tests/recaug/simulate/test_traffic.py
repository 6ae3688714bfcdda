"""The simulated shop on the real broker: everything counted arrives, at the rate asked for."""

import io
import os
import signal
from collections import Counter

import orjson

from recaug.kafka import ensure_topics, read
from recaug.pace import Pace
from recaug.producer import Producer
from recaug.publish import Meter, Stop
from recaug.settings import Settings
from recaug.simulate import Spoiler, World
from recaug.simulate.traffic import Sent, send_documents, send_events

AT_MS = 1_764_000_000_000


class Clock:
    """Moves on by ten milliseconds whenever it is read; asks to stop at `until_s`."""

    def __init__(self, until_s: float = float("inf")) -> None:
        self.now_s, self.until_s = 0.0, until_s

    def steady(self) -> float:
        self.now_s += 0.01
        if self.now_s >= self.until_s:
            os.kill(os.getpid(), signal.SIGTERM)
        return self.now_s

    def wall_ms(self) -> int:
        return AT_MS + int(self.now_s * 1_000)


def run(settings: Settings, clock: Clock, seconds: float | None) -> tuple[Sent, int]:
    ensure_topics(settings)
    world, spoiler = World(1, users=50, items=80), Spoiler(1, 0.1)
    with (
        Stop() as stop,
        Producer(settings.kafka, settings.prefix) as producer,
        Meter("simulate", stream=io.StringIO()) as meter,
    ):
        documents = send_documents(world, producer, AT_MS)
        sent = send_events(
            world,
            spoiler,
            producer,
            Pace(400, clock.steady()),
            stop,
            meter,
            clock.steady,
            clock.wall_ms,
            seconds,
        )
    return sent, documents


def test_everything_counted_is_stored(settings: Settings) -> None:
    sent, documents = run(settings, Clock(), seconds=2.0)
    assert 700 <= sent.total <= 800
    found: Counter[str] = Counter()
    for record in read(settings.kafka, [topic.name for topic in settings.topics.behaviour]):
        assert record.key
        try:
            found[orjson.loads(record.value or b"")["event"]] += 1
        except orjson.JSONDecodeError:
            found["broken"] += 1
    assert found.total() == sent.total
    assert found["broken"] == sent.faults["bad_json"]
    topics = [settings.topics.items.name, settings.topics.users.name]
    assert sum(1 for _ in read(settings.kafka, topics)) == documents > 80


def test_asked_to_stop_it_stores_what_it_sent(settings: Settings) -> None:
    sent, _ = run(settings, Clock(until_s=1.0), seconds=None)
    assert sent.total > 0
    stored = read(settings.kafka, [topic.name for topic in settings.topics.behaviour])
    assert sum(1 for _ in stored) == sent.total
