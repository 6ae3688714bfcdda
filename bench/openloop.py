"""A client that sends on time whatever comes back, and notes when each answer reaches it.

The load is open: an event is due at a time that does not depend on any answer, and its latency
counts from that time, so a system that stalls is charged for all it kept waiting.
"""

from __future__ import annotations

import gc
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import orjson
from confluent_kafka import Message

from bench.progress import say
from bench.result import percentile
from bench.topics import Ends, Reader, producer
from bench.traffic import Crowd
from recaug.settings import Settings

#: How often the sender wakes.
TICK_S = 0.001

#: Sent at the same rate before what is measured: the client's connections and the programs' first
#: allocations are not what a service that runs for weeks is asked about.
LEAD_S = 2.0


@dataclass(slots=True)
class Heard:
    """Latencies of one run, ms. What was not answered counts as long as it was waited for."""

    latencies: list[float] = field(default_factory=list)
    unanswered: int = 0

    def at(self, percent: float) -> float:
        return percentile(self.latencies, percent)


class Client:
    """Publishes clicks and hears recommendations, by one clock."""

    def __init__(self, settings: Settings, crowd: Crowd) -> None:
        self._settings, self._crowd, self._runs = settings, crowd, 0
        self._producer = producer(settings, linger_ms=0)

    def run(self, rate: float, seconds: float, patience_s: float = 20.0) -> Heard:
        """Send `rate` events a second for `seconds`; wait at most `patience_s` for the last."""
        with _uncollected():
            return self._measured(rate, seconds, patience_s)

    def _measured(self, rate: float, seconds: float, patience_s: float) -> Heard:
        self._runs += 1
        name, lead = f"r{self._runs}", int(rate * LEAD_S)
        count = lead + int(rate * seconds)
        with Reader(self._settings) as reader:
            ear = _Ear(self._settings, reader, name, count)
            ear.listen()
            began = self._send(rate, count, name)
            ended = ear.wait(patience_s)
            answered = ear.answered()
        self._producer.flush()
        due = {n: began + n / rate for n in range(lead, count)}
        waits = [1000 * (answered.get(n, ended) - at) for n, at in due.items()]
        return Heard(waits, count - len(answered))

    def _send(self, rate: float, count: int, name: str) -> float:
        topic, sent = self._settings.topics.clickstream.name, 0
        began = time.perf_counter()
        while sent < count:
            due = min(count, int((time.perf_counter() - began) * rate) + 1)
            at_ms = int(time.time() * 1000)
            for n in range(sent, due):
                key, value = self._crowd.click(n, name, at_ms)
                self._producer.produce(topic, value, key)
            sent = due
            self._producer.poll(0)
            time.sleep(TICK_S)
        return began


@contextmanager
def _uncollected() -> Iterator[None]:
    """No garbage collection: one of all answers heard so far stops sender and ear for 160 ms, which
    the system that is measured would be charged for."""
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


class _Ear:
    """Listens to the answers on a thread of its own."""

    def __init__(self, settings: Settings, reader: Reader, name: str, count: int) -> None:
        self._topics, self._reader, self._name, self._count = settings.topics, reader, name, count
        self._since = reader.ends(self._topics.recommendations.name)
        self._events_since = reader.ends(self._topics.events.name)
        self._heard: list[tuple[float, Message]] = []
        self._open, self._complete = True, threading.Event()
        self._stood_for = 0
        self._thread = threading.Thread(target=self._run, daemon=True)

    def listen(self) -> None:
        self._thread.start()

    def _run(self) -> None:
        topic = self._topics.recommendations.name
        for message in self._reader.follow(topic, self._since):
            if not self._open:
                return
            if message is None:
                continue
            self._heard.append((time.perf_counter(), message))
            self._stood_for += events_of(message)
            if self._stood_for >= self._count:
                self._complete.set()

    def wait(self, patience_s: float) -> float:
        """Stop when all is answered or patience ends; returns when that was."""
        if not self._complete.wait(patience_s):
            say(f"{self._count - self._stood_for:,} of {self._count:,} were never answered")
        self._open = False
        self._thread.join()
        return time.perf_counter()

    def answered(self) -> dict[int, float]:
        """When each event of the run was first answered, itself or by one that supersedes it."""
        found: dict[int, float] = {}
        places = self._places() if self._stood_for > len(self._heard) else {}
        for at, message in self._heard:
            told = orjson.loads(message.value() or b"{}")
            source = told["source_event"]
            names = [source["event_id"]]
            names += [places[source["partition"], n] for n in told.get("supersedes") or ()]
            for name in names:
                run, _, number = name.rpartition("-")
                if run == self._name:
                    found.setdefault(int(number), at)
        return found

    def _places(self) -> dict[tuple[int, int], str]:
        """Event ids by partition and offset in the clean log: superseded events go by those."""
        topic = self._topics.events.name
        written: Ends = self._reader.ends(topic)
        messages = self._reader.between(topic, self._events_since, written)
        return {
            (int(m.partition() or 0), int(m.offset() or 0)): orjson.loads(m.value() or b"{}")[
                "event_id"
            ]
            for m in messages
        }


def events_of(answer: Message) -> int:
    """How many events a message of the output topic answers: its own and those it supersedes."""
    value = answer.value() or b""
    if b'"supersedes":[' not in value:
        return 1
    return 1 + len(orjson.loads(value).get("supersedes") or ())
