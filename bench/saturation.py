"""The whole pipeline at its limit: events answered a second by clean and recommend together.

A backlog is published to services with nothing to do; from then until it is empty they work as
fast as they can, beside broker and store. `coalesce` is the setting of recommend: with `never`
every event gets a message of its own, with the default one message may stand for several events of
one user, which it names and which count as answered. In full mode the rate is then checked with an
open load: `held` is the highest share of it, in steps of a tenth, at which lag does not grow.
*Stock Faust agents* do the same two stages, as in `latency`.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from bench.openloop import Client, events_of
from bench.progress import say
from bench.result import Result, shown
from bench.stage import Stage, stage, wait_for
from bench.systems import OURS, STOCK, System, running
from bench.topics import Ends, Reader
from bench.traffic import Crowd, backlog

CROWD = Crowd(users=5_000, items=10_000)
PATIENCE_S = 180.0
#: Of the answers, left out at both ends: the first batches are small, the last half empty.
EDGE = 0.1
#: An open load lasts so long; lag grew when its end is answered later than its middle by this.
HELD_S, GROWN_MS = 10.0, 250.0


@dataclass(frozen=True, slots=True)
class _Scale:
    events: int
    stock_events: int
    rounds: int
    held: bool


def run(quick: bool) -> Iterator[Result]:
    """Rounds in turn; each starts all programs anew."""
    scale = _Scale(12_000, 1_500, 1, False) if quick else _Scale(60_000, 6_000, 3, True)
    rates: dict[str, list[float]] = {"default": [], "never": [], "stock": []}
    held: list[float] = []
    with stage() as place:
        for _ in range(scale.rounds):
            rates["never"].append(_drained(place, OURS, scale.events, coalesce="never"))
            rates["default"].append(_drained(place, OURS, scale.events))
            rates["stock"].append(_drained(place, STOCK, scale.stock_events))
        if scale.held:
            held.append(_held(place, min(rates["never"])))
    for name in ("never", "default"):
        more = {"held": held[0]} if held and name == "never" else {}
        yield Result.of_rates(
            "saturation", rates[name], "stock Faust agents", rates["stock"], "events/s",
            coalesce=name, items=CROWD.items, backlog=scale.events, rounds=scale.rounds, **more,
        )  # fmt: skip


def _drained(place: Stage, modules: Sequence[Sequence[str]], events: int, **options: Any) -> float:
    with running(place, modules, CROWD, **options) as system, Reader(system.settings) as reader:
        since = reader.ends(system.settings.topics.recommendations.name)
        backlog(system.settings, CROWD, events)
        rate, _ = drain(system, reader, since, events)
    say(f"saturation: {system.workers[-1].name} {options or ''} {shown(rate)} events/s")
    return rate


def drain(system: System, reader: Reader, since: Ends, events: int) -> tuple[float, int]:
    """Wait until `events` are answered; the rate between the edges, and how many messages."""
    answered: list[tuple[int, int]] = []  # broker's time, events answered
    topic, give_up = system.settings.topics.recommendations.name, time.monotonic() + PATIENCE_S
    done = 0
    for message in reader.follow(topic, since):
        if message is not None:
            done += events_of(message)
            answered.append((message.timestamp()[1], events_of(message)))
        if done >= events:
            break
        if time.monotonic() > give_up:
            wait_for(f"{events:,} answers ({done:,} came)", lambda: False, system.workers, 0.0)
    return rate_of(answered), len(answered)


def rate_of(answered: Sequence[tuple[int, int]]) -> float:
    """Events a second between the edges; `answered` has the time in ms and the events of each."""
    ordered, total = sorted(answered), sum(count for _, count in answered)
    seen, begin, inside, end = 0, 0, 0, 0
    for at_ms, count in ordered:
        seen += count
        if seen <= EDGE * total:
            begin = at_ms
        elif seen <= (1 - EDGE) * total:
            begin = begin or at_ms
            inside, end = inside + count, at_ms
    return 1000 * inside / max(1, end - begin)


def _held(place: Stage, limit: float) -> float:
    """The highest rate, in tenths of `limit`, whose load is answered as fast at its end."""
    with running(place, OURS, CROWD, coalesce="never") as system:
        client = Client(system.settings, CROWD)
        for tenth in range(10, 1, -1):
            rate = limit * tenth / 10
            waits = client.run(rate, HELD_S, patience_s=60.0).latencies
            half = len(waits) // 2
            grown = max(waits[-100:]) - max(waits[half : half + 100])
            say(f"saturation: {rate:,.0f}/s: lag grew by {grown:,.0f} ms in {HELD_S / 2:.0f} s")
            if grown <= GROWN_MS:
                return rate
    return 0.0
