"""Both pipelines, ready to answer: ours, and stock Faust agents with the same two stages."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import orjson

from bench import untrained
from bench.progress import say
from bench.stage import Stage, Worker, wait_for
from bench.topics import Reader
from bench.traffic import Crowd, backlog
from recaug.errors import Failure
from recaug.kafka import ensure_topics
from recaug.settings import Settings

#: Answered before anything is measured: imports, connections and first allocations are over.
WARM = 300
READY_S = 60.0
#: How often it may be asked which model answers, a second apart.
ATTEMPTS = 20

OURS = (("streams", "clean"), ("streams", "recommend"))
STOCK = (("bench.peers.stock", "clean"), ("bench.peers.stock", "recommend"))


@dataclass(frozen=True, slots=True)
class System:
    """A running pipeline on topics of its own."""

    settings: Settings
    crowd: Crowd
    workers: Sequence[Worker]

    def cpu_s(self) -> float:
        return sum(worker.cpu_s() for worker in self.workers)


@contextmanager
def running(
    place: Stage,
    modules: Sequence[Sequence[str]],
    crowd: Crowd,
    before: Callable[[Settings], None] = lambda _: None,
    **options: Any,
) -> Iterator[System]:
    """Start the programs on fresh topics with a model of `crowd.items` items, and warm them.

    before  called once the topics are there and nothing runs yet
    """
    settings = place.settings(**options)
    ensure_topics(settings)
    version = untrained.promote(settings, crowd.items)
    before(settings)
    with ExitStack() as stack:
        workers = [stack.enter_context(Worker(settings, module)) for module in modules]
        system = System(settings, crowd, workers)
        if modules[0][0] == "streams":  # the others do not say so
            wait_for("readiness", lambda: all(map(Worker.is_ready, workers)), workers, READY_S)
        with Reader(settings) as reader:
            _warm(system, reader, version)
        yield system


def _warm(system: System, reader: Reader, version: str) -> None:
    """Send clicks until answers come from the model, as all later ones will."""
    answers = system.settings.topics.recommendations.name
    for attempt in range(ATTEMPTS):
        since = reader.ends(answers)
        backlog(system.settings, system.crowd, WARM, name=f"w{attempt}")
        full = partial(reader.reached, answers, sum(since.values()) + WARM)
        wait_for(f"{WARM} answers of {system.workers[-1].name}", full, system.workers, READY_S)
        newest = reader.between(answers, since, reader.ends(answers))[-1]
        model = orjson.loads(newest.value() or b"{}").get("model")
        if model is None or model["version"] == version:  # the peer loads it before it starts
            return
        say(f"waiting for the model {version}; answered by {model['version']}")
        time.sleep(1.0)
    why = "\n".join(worker.last_words() for worker in system.workers)
    raise Failure(f"the model {version} is not served", why, "look at bench/untrained.py")
