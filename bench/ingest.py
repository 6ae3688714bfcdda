"""The clean stage alone on one topic of clicks: events a second from warm until done.

Ours is the service as it is deployed: validation, normalisation, resends, floods and bots, dead
letters, source coordinates, every delivery awaited. *Stock Faust* and *Quix
Streams* validate, normalise and produce with the same functions; what they leave out beside that
is said in `bench/peers/`. A peer that would take minutes for the whole topic is watched for some
seconds.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from bench import environment
from bench.progress import say
from bench.result import Result, shown
from bench.stage import Stage, Worker, stage, wait_for
from bench.topics import Reader, create
from bench.traffic import Crowd, backlog
from recaug.kafka import ensure_topics
from recaug.settings import Settings

CROWD = Crowd(users=5_000, items=10_000)
#: Outputs before the clock starts: connections, caches and compilers are warm by then.
WARM = 2_000
PATIENCE_S = 90.0


@dataclass(frozen=True, slots=True)
class _Scale:
    events: int
    rounds: int
    watched_s: float


def run(quick: bool) -> Iterator[Result]:
    """Rounds in turn; in each, all three read the same topic."""
    scale = _Scale(100_000, 2, 2.0) if quick else _Scale(200_000, 5, 10.0)
    quix = environment.python("quix")
    rates: dict[str, list[float]] = {"ours": [], "quix": [], "stock": []}
    with stage() as place:
        for number in range(scale.rounds):
            settings = _furnished(place, scale)
            for name, found in rates.items():
                found.append(_rate(settings, name, quix, scale))
                say(f"ingest round {number + 1}: {name} {shown(found[-1])} events/s")
    for name, peer in (("stock", "stock Faust agent"), ("quix", "Quix Streams 3.28")):
        yield Result.of_rates(
            "ingest", rates["ours"], peer, rates[name], "events/s",
            topic=scale.events, rounds=scale.rounds, best=max(rates["ours"]),
            peer_best=max(rates[name]),
        )  # fmt: skip


def _furnished(place: Stage, scale: _Scale) -> Settings:
    """Topics of their own with the clicks in them, and an output for each peer: what clean writes
    is read again by clean."""
    settings = place.settings()
    partitions = ensure_topics(settings)[settings.topics.events.name]
    create(settings, [_output(settings, name) for name in ("quix", "stock")], partitions)
    say(f"publishing {scale.events:,} clicks")
    backlog(settings, CROWD, scale.events)
    return settings


def _output(settings: Settings, name: str) -> str:
    return settings.topics.events.name if name == "ours" else f"{settings.prefix}bench-{name}"


def _rate(settings: Settings, name: str, quix: Path, scale: _Scale) -> float:
    output = _output(settings, name)
    if name == "ours":
        worker = Worker(settings, ["streams", "clean"])
    elif name == "stock":
        worker = Worker(settings, ["bench.peers.stock", "clean"], BENCH_OUTPUT=output)
    else:
        worker = Worker(settings, ["bench.peers.quix"], quix, BENCH_OUTPUT=output)
    with worker, Reader(settings) as reader:
        return _watch(reader, output, worker, scale)


def _watch(reader: Reader, output: str, worker: Worker, scale: _Scale) -> float:
    """Outputs a second from the first look that finds it warm to the end, or for `watched_s`."""
    warm = partial(reader.reached, output, WARM)
    wait_for(f"{worker.name}: {WARM:,} outputs", warm, [worker], PATIENCE_S, tick_s=0.01)
    began, first = time.perf_counter(), reader.total(output)
    while True:
        time.sleep(0.01)
        done, now = reader.total(output), time.perf_counter()
        if done >= scale.events or now - began >= scale.watched_s:
            return (done - first) / (now - began)
