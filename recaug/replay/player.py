"""Sends happenings to Kafka when they are due, with an id of this run and a time of now."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from recaug.pace import TICK_S
from recaug.producer import Producer
from recaug.publish import Meter, Stop
from recaug.replay.happening import Happening
from recaug.replay.lines import id_field
from recaug.replay.speed import Speed

#: Longest id that `clean` accepts.
_MAX_ID = 128


@dataclass(frozen=True, slots=True)
class Clock:
    """`steady` counts seconds and never jumps; `wall_ms` is the time of day, epoch milliseconds."""

    steady: Callable[[], float]
    wall_ms: Callable[[], int]


@dataclass(frozen=True, slots=True)
class Stamp:
    """Makes the event to send of a happening.

    An id is the data set's `name`, the line and the `run`, so that each replay is new; without a
    `run` every replay has the same ids. `keep_time` leaves times as the data has them.
    """

    name: str
    run: str = ""
    keep_time: bool = False

    def event(self, one: Happening, at_ms: int) -> dict[str, Any]:
        """The event as sent at `at_ms`; its own time goes to `properties.original_timestamp`."""
        event = self._identified(one)
        if event.get("transaction_id") == "":
            event["transaction_id"] = event["event_id"]
        # Under our own names, which every dialect's own give way to: see `recaug.events.aliases`.
        event["timestamp"] = one.original if self.keep_time else at_ms
        if one.original is not None and not self.keep_time:
            event["properties"] = {**_properties(event), "original_timestamp": one.original}
        return event

    def _identified(self, one: Happening) -> dict[str, Any]:
        field = id_field(one.event)
        own = one.event[field] if field else f"{self.name}-{one.number}"
        return {**one.event, "event_id": f"{own}-{self.run}"[-_MAX_ID:] if self.run else own}


def _properties(event: dict[str, Any]) -> dict[str, Any]:
    found = event.get("properties")
    return found if isinstance(found, dict) else {}


def when_due(
    happenings: Iterable[Happening],
    speed: Speed,
    clock: Clock,
    stop: Stop,
    seconds: float | None = None,
) -> Iterator[tuple[Happening, int]]:
    """Yield each happening when it is due, with its new time in epoch milliseconds.

    Ends early when asked to `stop` or after `seconds`. At full speed the new time is the clock's.
    """
    start_s, start_ms = clock.steady(), clock.wall_ms()
    end_s = float("inf") if seconds is None else seconds
    first: int | None = None
    for place, one in enumerate(happenings):
        first = one.at if first is None else first
        due_s = speed.due_s(place, one.at - first)
        while not stop and (now_s := clock.steady() - start_s) < min(due_s, end_s):
            stop.wait(max(TICK_S, min(due_s, end_s) - now_s))
        if stop or clock.steady() - start_s >= end_s:
            return
        yield one, start_ms + round(due_s * 1_000) if speed.paced else clock.wall_ms()


def play(
    due: Iterable[tuple[Happening, int]],
    stamp: Stamp,
    producer: Producer,
    meter: Meter,
    clock: Clock,
) -> int:
    """Send everything that becomes due; return how many, once all are stored."""
    sent = 0
    for one, at_ms in due:
        producer.send(stamp.event(one, at_ms))
        sent += 1
        meter.add(1, clock.steady())
    producer.flush()
    return sent
