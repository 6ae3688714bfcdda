"""What a million events cost as an installation grows: processor seconds of clean and recommend.

One thing grows at a time from the same base, `times_base` is the cost against it. Every event is
answered (`coalesce=never`), every user has a history of ten events in Redis before the load comes.
Processor time is the services' own, threads included; broker, store and client are not counted.
All sizes are measured once in each round, for a machine has slow minutes.

Where it bends, and why:

* **items**: every item is scored for every answer, exactly, so that part grows with the catalogue.
* **users**: with few users a batch has several events of the same one, whose state is read and
  written once; with many each event has a state of its own. But of many most come for the first
  time: the neighbours, who hold what came since the worker began, have less to compare.
* **partitions**: a batch is divided among more of them, and the state of each is one round trip.
* **workers**: each has its own consumer and follows items, models, trends and neighbours whole;
  batches of two that share the load are smaller than those of one.
"""

from __future__ import annotations

import asyncio
import random
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from statistics import median

from kafka.partitioner.default import murmur2

from bench.progress import say
from bench.result import Result, shown
from bench.saturation import drain
from bench.stage import Stage, stage
from bench.state import FILL, states
from bench.systems import OURS, running
from bench.topics import Reader
from bench.traffic import Crowd, backlog
from recaug.settings import Settings
from recaug.state import Change, Store, open_store

HISTORY = 10
#: Different histories that are given out: making a million would take longer than measuring.
KEPT = 5_000
#: Scoring so many items takes long enough to measure on a tenth of the events.
MANY = 300_000


@dataclass(frozen=True, slots=True)
class Size:
    """How large an installation is."""

    users: int = 10_000
    items: int = 10_000
    partitions: int = 4
    workers: int = 1


BASE = Size()
QUICK = {"users": (100_000,), "items": (100_000,), "partitions": (16,), "workers": (2,)}
FULL = {
    "users": (1_000, 100_000, 1_000_000), "items": (1_000, 100_000, 1_000_000),
    "partitions": (16, 64), "workers": (2,),
}  # fmt: skip


def run(quick: bool) -> Iterator[Result]:
    """The base and every larger size, each on programs and topics of its own."""
    grow, events, rounds = (QUICK, 3_000, 1) if quick else (FULL, 40_000, 3)
    larger = [(name, replace(BASE, **{name: value})) for name in grow for value in grow[name]]
    sizes = [("base", BASE), *larger]
    costs: dict[Size, list[float]] = defaultdict(list)
    with stage() as place:
        for _, size in sizes * rounds:
            costs[size].append(_cost(place, size, events))
    for grown, size in sizes:
        yield _result(grown, size, costs, events)


def _result(grown: str, size: Size, costs: Mapping[Size, list[float]], events: int) -> Result:
    about = {name: getattr(size, name) for name in ("users", "items", "partitions", "workers")}
    return Result.alone(
        "growth", costs[size], "cpu s/million events", grown=grown, **about,
        times_base=round(median(costs[size]) / median(costs[BASE]), 3),
        events=_events(size, events), rounds=len(costs[size]),
    )  # fmt: skip


def _events(size: Size, events: int) -> int:
    return events if size.items < MANY else events // 10


def _cost(place: Stage, size: Size, events: int) -> float:
    crowd, count = Crowd(size.users, size.items), _events(size, events)
    options = {
        "coalesce": "never", "partitions": size.partitions,
        "item_capacity": max(1_000_000, 2 * size.items),
    }  # fmt: skip
    with running(
        place, OURS * size.workers, crowd, lambda settings: _furnish(settings, size), **options
    ) as system, Reader(system.settings) as reader:  # fmt: skip
        before = system.cpu_s()
        since = reader.ends(system.settings.topics.recommendations.name)
        backlog(system.settings, crowd, count)
        drain(system, reader, since, count)
        cost = (system.cpu_s() - before) / count * 1e6
    say(f"growth: {size}: {shown(cost)} s for a million events")
    return cost


def _furnish(settings: Settings, size: Size) -> None:
    """Give every user a history, where the worker of their partition will look for it."""
    ids = [f"i{n}" for n in range(min(size.items, 100_000))]
    kept = states(random.Random(0), KEPT, HISTORY, ids)
    asyncio.run(_fill(open_store(settings), size, kept))


async def _fill(store: Store, size: Size, kept: list[bytes]) -> None:
    waiting: dict[int, dict[str, bytes | None]] = defaultdict(dict)
    known: dict[int, int | None] = defaultdict(lambda: None)

    async def write(number: int) -> None:
        await store.apply(number, Change(known[number], 0, waiting.pop(number)))
        known[number] = 0

    for n in range(size.users):
        user = f"u{n}"
        number = (murmur2(user.encode()) & 0x7FFFFFFF) % size.partitions
        waiting[number][user] = kept[n % KEPT]
        if len(waiting[number]) >= FILL:
            await write(number)
    for number in list(waiting):
        await write(number)
    await store.close()
