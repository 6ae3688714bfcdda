"""How soon what happens counts: on an instance that `recaug up` started, with default settings.

*event to model*: from the publication of an event to the first answer by a model that learned it,
for every event that the models of the run learned; an event that was only held out to judge a model
waits for the next one. In quick mode that is the first model of a new instance alone. *item to
list*: from the publication of an item document to the first answer for which the item competed, by
the model in use, which never saw an event of it. There is no peer: what is compared is the clock.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import orjson

from bench.progress import say
from bench.result import Result, percentile
from bench.stage import environment
from bench.topics import Reader, producer
from recaug.errors import Failure
from recaug.local.instance import read
from recaug.local.process import spawn, stop
from recaug.settings import Settings

RATE, USERS, ITEMS = 500, 2_000, 500
UP_S, MODEL_S, ITEM_S = 180.0, 240.0, 60.0
#: How many items compete is known once it has not changed for so long.
STILL_S = 2.0


def run(quick: bool) -> Iterator[Result]:
    """One instance under simulated traffic; everything is measured while it runs."""
    seconds, items = (0.0, 3) if quick else (240.0, 10)
    with instance() as settings, Reader(settings) as reader, _traffic(settings):
        watch = Watch(settings, reader)
        watch.until(lambda: bool(watch.served), MODEL_S, "the first model")
        waits = [_item(settings, watch, number) for number in range(items)]
        watch.until(lambda: time.time() - watch.began >= seconds, seconds + 1.0, "the end")
        fresh = _fresh(settings, reader, watch)
    yield Result.alone(
        "freshness", fresh, "s", what="event to model",
        p90_s=percentile(fresh, 90), most_s=max(fresh), models=len(watch.served),
        events=len(fresh), rate=RATE,
    )  # fmt: skip
    yield Result.alone(
        "freshness", waits, "s", what="item to list", most_s=max(waits), items=items, rate=RATE
    )


@contextmanager
def instance() -> Iterator[Settings]:
    """`recaug up` without traffic or page; the settings lead to it."""
    with tempfile.TemporaryDirectory(prefix="recaug-bench-") as name:
        data = Path(name) / "data"
        command = [sys.executable, "-m", "recaug", "up", "--data-dir", str(data), "--no-page"]
        say("starting recaug up")
        settings = Settings(data_dir=data)
        log = Path(name) / "up.log"
        up = spawn([*command, "--traffic", "none"], log, env=environment(settings), cwd=Path(name))
        try:
            _wait(lambda: b" is up" in log.read_bytes(), up, log, UP_S)
            running = read(data)
            assert running is not None and running.kafka is not None
            yield Settings(kafka=running.kafka, data_dir=data)
        finally:
            stop(up, 30.0)


@contextmanager
def _traffic(settings: Settings) -> Iterator[None]:
    """Simulated shoppers, as `recaug simulate` sends them: documents first, then events."""
    options = ["--rate", str(RATE), "--users", str(USERS), "--items", str(ITEMS)]
    command = [sys.executable, "-m", "recaug", "simulate", "--kafka", settings.kafka, *options]
    log = settings.data_dir.parent / "simulate.log"
    child = spawn(command, log, env=environment(settings), cwd=settings.data_dir.parent)
    try:
        yield
        _wait(lambda: True, child, log, 0.0)
    finally:
        stop(child, 10.0)


class Watch:
    """Reads the answers as they come: which model is served since when, how many items compete.

    served  by version, when the broker took its first answer, epoch seconds
    """

    def __init__(self, settings: Settings, reader: Reader) -> None:
        topic = settings.topics.recommendations.name
        self._messages = reader.follow(topic, reader.ends(topic))
        self.began = time.time()
        self.served: dict[str, float] = {}
        self.competing, self.changed, self.at = 0, 0.0, 0.0

    def until(self, done: Callable[[], bool], patience_s: float, what: str) -> None:
        """Read on until `done()`. Raises Failure when it is not within `patience_s`."""
        give_up = time.monotonic() + patience_s
        say(f"freshness: waiting for {what}")
        while not done():
            if time.monotonic() > give_up:
                raise Failure(f"{what} did not come", f"not in {patience_s:.0f} s", "is it slow?")
            self._read()

    def _read(self) -> None:
        """One answer, or none within a moment."""
        message = next(self._messages)
        if message is None:
            return
        told, self.at = orjson.loads(message.value() or b"{}"), message.timestamp()[1] / 1000
        version = told["model"]["version"]
        if version is None or told["fallback"] is not None:
            return
        if version not in self.served:
            self.served[version] = self.at
            say(f"freshness: {version} answers after {self.at - self.began:.1f} s")
        if told["candidate_count"] != self.competing:
            self.competing, self.changed = told["candidate_count"], self.at


def _item(settings: Settings, watch: Watch, number: int) -> float:
    """Seconds from the publication of a new item to the first answer it competes for."""
    watch.until(lambda: watch.at - watch.changed >= STILL_S, ITEM_S, "the catalogue to be still")
    before, published = watch.competing, time.time()
    item = f"new-{number}"
    name, at_ms = f"Frost {number} Tent, 2-Person", int(published * 1000)
    document = orjson.dumps({"item_id": item, "name": name, "timestamp": at_ms})
    client = producer(settings, linger_ms=0)
    client.produce(settings.topics.items.name, document, item)
    client.flush()
    watch.until(lambda: watch.competing > before, ITEM_S, item)
    say(f"freshness: {item} competes after {watch.changed - published:.2f} s")
    return watch.changed - published


def _fresh(settings: Settings, reader: Reader, watch: Watch) -> list[float]:
    """For every event that was learned, seconds until a model that learned it answered first."""
    learned = sorted(_learned(settings, reader, watch.served))
    waits = []
    for topic in settings.topics.behaviour:
        ends = reader.ends(topic.name)
        for message in reader.between(topic.name, dict.fromkeys(ends, 0), ends):
            at_ms = orjson.loads(message.value() or b"{}")["timestamp"]
            served = next((at for until_ms, at in learned if until_ms >= at_ms), None)
            if served is not None:
                waits.append(served - at_ms / 1000)
    return waits


def _learned(
    settings: Settings, reader: Reader, served: dict[str, float]
) -> Iterator[tuple[int, float]]:
    """Event time up to which each served model learned, and when it answered first."""
    topic = settings.topics.models.name
    ends = reader.ends(topic)
    for message in reader.between(topic, dict.fromkeys(ends, 0), ends):
        record = orjson.loads(message.value() or b"{}")
        if record.get("version") in served:
            yield record["metrics"]["learned_until_ms"], served[record["version"]]


def _wait(
    done: Callable[[], bool], child: subprocess.Popen[bytes], log: Path, patience_s: float
) -> None:
    give_up = time.monotonic() + patience_s
    while child.poll() is None and not done() and time.monotonic() < give_up:
        time.sleep(0.1)
    if child.poll() is not None or not done():
        said = log.read_text(errors="replace")[-1_500:]
        raise Failure("a part of the instance is not up", said, "see the lines above")
