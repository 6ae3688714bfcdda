"""Click → recommendation through clean and recommend: milliseconds, by the client's own clock.

The load is open-loop, so what waits is charged for its wait; 10,000 items are scored for every
answer. Ours keeps state in Redis and does all that it does in production. *Stock Faust agents*
validate and produce, keep histories in a dict, and score one event at a time with the same graph.
`fine_tune` is ours with a fine-tune running beside it, `times_without` its p99 against the same
rate without.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from statistics import median
from typing import Any

from bench.finetuning import fine_tuning
from bench.openloop import Client, Heard
from bench.progress import say
from bench.result import Result
from bench.stage import Stage, stage
from bench.systems import OURS, STOCK, System, running
from bench.traffic import Crowd

CROWD = Crowd(users=5_000, items=10_000)
#: The rate at which a fine-tune runs beside.
SHARED = 1_000.0
PEER = "stock Faust agents"


@dataclass(frozen=True, slots=True)
class _Scale:
    rates: tuple[float, ...]
    rounds: int
    seconds: float


QUICK = _Scale((100.0, SHARED), 1, 5.0)
FULL = _Scale((100.0, 500.0, SHARED, 2_000.0), 3, 10.0)

Found = dict[tuple[str, float], list[Heard]]


def run(quick: bool) -> Iterator[Result]:
    """Every rate on both systems, in turn; the highest last, for one of them never catches up."""
    scale = QUICK if quick else FULL
    found: Found = defaultdict(list)
    with stage() as place:
        for _ in range(scale.rounds):
            _ours(place, scale, found)
            _stock(place, scale, found)
    for rate in scale.rates:
        yield _result(found, "ours", rate, scale, {"fine_tune": False})
    ours, beside = _p99(found["ours", SHARED]), _p99(found["fine-tune", SHARED])
    yield _result(
        found, "fine-tune", SHARED, scale, {"fine_tune": True, "times_without": beside / ours}
    )


def _ours(place: Stage, scale: _Scale, found: Found) -> None:
    with running(place, OURS, CROWD) as system:
        client = Client(system.settings, CROWD)
        for rate in scale.rates:
            found["ours", rate].append(_measure(system, client, "ours", rate, scale))
        with fine_tuning(system.settings):
            heard = _measure(system, client, "ours beside a fine-tune", SHARED, scale)
        found["fine-tune", SHARED].append(heard)


def _stock(place: Stage, scale: _Scale, found: Found) -> None:
    with running(place, STOCK, CROWD) as system:
        client = Client(system.settings, CROWD)
        for rate in scale.rates:
            found["stock", rate].append(_measure(system, client, PEER, rate, scale))


def _measure(system: System, client: Client, name: str, rate: float, scale: _Scale) -> Heard:
    heard = client.run(rate, scale.seconds)
    for worker in system.workers:
        worker.check()
    say(
        f"{name} at {rate:,.0f}/s: p50 {heard.at(50):.1f}, p90 {heard.at(90):.1f}, "
        f"p99 {heard.at(99):.1f} ms"
    )
    return heard


def _result(found: Found, name: str, rate: float, scale: _Scale, more: dict[str, Any]) -> Result:
    ours, stock = found[name, rate], found["stock", rate]
    return Result.of_times(
        "latency", [heard.at(99) for heard in ours], PEER, [heard.at(99) for heard in stock],
        "ms p99",
        rate=int(rate), items=CROWD.items, **_middle("", ours), **_middle("peer_", stock),
        unanswered=_lost(ours), peer_unanswered=_lost(stock), rounds=scale.rounds,
        seconds=scale.seconds, **more,
    )  # fmt: skip


def _middle(name: str, heard: list[Heard]) -> dict[str, float]:
    return {f"{name}p{n}_ms": round(median(one.at(n) for one in heard), 1) for n in (50, 90)}


def _p99(heard: list[Heard]) -> float:
    return median(one.at(99) for one in heard)


def _lost(heard: list[Heard]) -> int:
    return sum(one.unanswered for one in heard)
