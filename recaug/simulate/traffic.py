"""Sends the simulated shop to Kafka: documents first, then events at a held rate."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from recaug.pace import Pace
from recaug.producer import Producer
from recaug.publish import Meter, Stop
from recaug.simulate.spoil import Message, Spoiler
from recaug.simulate.world import World

#: How often failed deliveries are looked for.
CHECK_S = 5.0


@dataclass(slots=True)
class Sent:
    """What was published: good events by kind, bad ones by fault, and the seconds it took."""

    events: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0

    def add(self, message: Message) -> None:
        if message.fault:
            self.faults[message.fault] += 1
        else:
            self.events[message.event] += 1

    @property
    def total(self) -> int:
        return self.events.total() + self.faults.total()


def send_documents(world: World, producer: Producer, at_ms: int) -> int:
    """Publish every item and every user with an account; return how many once they are stored."""
    count = 0
    for document in world.documents(at_ms):
        producer.send(document)
        count += 1
    producer.flush()
    return count


def send_events(
    world: World,
    spoiler: Spoiler,
    producer: Producer,
    pace: Pace,
    stop: Stop,
    meter: Meter,
    steady: Callable[[], float],
    wall_ms: Callable[[], int],
    seconds: float | None = None,
) -> Sent:
    """Publish at `pace` until `stop`, or for `seconds`; everything is stored when it returns.

    :param steady: clock of the pace, in seconds; `wall_ms`: clock of event times.
    """
    sent = Sent()
    start_s = checked_s = now_s = steady()
    while not stop and (seconds is None or now_s - start_s < seconds):
        due = pace.take(now_s)
        at_ms = wall_ms()
        for _ in range(due):
            message = spoiler.bad() if spoiler.due() else spoiler.good(world.event(at_ms))
            producer.send(message.value, producer.topic_of(message.event), message.key)
            sent.add(message)
        meter.add(due, now_s)
        if now_s - checked_s >= CHECK_S:
            producer.flush()
            checked_s = now_s
        stop.wait(pace.wait_s(steady()))
        now_s = steady()
    producer.flush()
    sent.seconds = now_s - start_s
    return sent
