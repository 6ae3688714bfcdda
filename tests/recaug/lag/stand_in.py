"""Real members of a real group that read as slowly as they are told, and say so in pulses."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import closing, suppress
from types import TracebackType
from typing import Self

from kafka import KafkaConsumer, TopicPartition
from kafka.errors import KafkaError
from kafka.structs import OffsetAndMetadata

from recaug.kafka import producer
from recaug.lag import Row, Sample, compare
from recaug.lag.causes import Hint
from recaug.lag.hint import hints
from recaug.lag.hot import HotKeys
from recaug.lag.probe import LagProbe
from recaug.lag.pulses import Pulses
from recaug.pulse import Pulse
from recaug.settings import Settings

#: Records a second that a member reads of each of its partitions.
RATE = 5

#: Records older than this are "behind" here.
MAX_LAG_S = 0.1


class Members:
    """`number` members of a service's group, each with its partitions once this is entered.

    With `commits` they read `RATE` records a second of each partition at most; with `start` they
    stand at `place`, which is that at first.
    """

    def __init__(
        self,
        settings: Settings,
        service: str,
        number: int,
        topic: str,
        commits: bool = True,
        start: int | None = None,
    ) -> None:
        self._settings, self._topic, self._commits = settings, topic, commits
        self.place = start
        self._group = settings.group(service)
        self._stopping = threading.Event()
        self._threads = [threading.Thread(target=self._read, args=(n,)) for n in range(number)]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        deadline_s = time.monotonic() + 60
        with LagProbe(self._settings) as probe:
            while not self._stable(probe.sample(now_ms())):
                assert time.monotonic() < deadline_s, "the group does not come together"
                time.sleep(0.2)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        self._stopping.set()
        for thread in self._threads:
            thread.join()

    def _stable(self, sample: Sample) -> bool:
        # A member that joined before it knew the topic makes the first assignment a lopsided one.
        owners, partitions = sample.owners[self._group], self._settings.partitions
        shares = [len(member.partitions) for member in owners if member.partitions]
        even = min(len(self._threads), partitions)
        return (len(owners), len(shares), sum(shares)) == (len(self._threads), even, partitions)

    def _read(self, number: int) -> None:
        client = KafkaConsumer(
            self._topic,
            bootstrap_servers=self._settings.kafka,
            group_id=self._group,
            client_id=f"stand-in-{number}",
            auto_offset_reset="earliest",
            enable_auto_commit=False,
            max_poll_records=1,
        )
        with closing(client):
            self._go_on(client)

    def _go_on(self, client: KafkaConsumer) -> None:
        at: dict[TopicPartition, int] = {}
        while not self._stopping.is_set():
            # Long enough to join again on a busy machine: what there is to read ends it at once.
            client.poll(timeout_ms=500)
            self._stopping.wait(1 / RATE)
            if not self._commits:
                continue
            at = {tp: at.get(tp, 0) + 1 for tp in client.assignment()}
            at = at if self.place is None else dict.fromkeys(at, self.place)
            with suppress(KafkaError):  # another member has just joined
                client.commit({tp: OffsetAndMetadata(n, "", -1) for tp, n in at.items()})


def publish(settings: Settings, topic: str, keys: dict[str, int], partition: int) -> None:
    """Write so many records of each key into one partition."""
    client = producer(settings.kafka)
    for key, number in keys.items():
        for _ in range(number):
            client.send(topic, key=key.encode(), value=b"{}", partition=partition)
    client.close()


def say(settings: Settings, pulse: Pulse) -> None:
    """Publish a pulse as a worker does."""
    client = producer(settings.kafka)
    key = f"{pulse.service}/{pulse.worker}".encode()
    client.send(settings.topics.pulses.name, pulse.model_dump_json().encode(), key)
    client.close()


def look(
    settings: Settings,
    service: str,
    apart_s: float = 1.0,
    between: Callable[[], None] = lambda: None,
    moving: bool = False,
) -> tuple[list[Row], list[Hint]]:
    """What `recaug lag --service SERVICE` finds.

    :param between: is done between its two samples.
    :param moving: the second is taken once the members have read of every partition.
    """
    with (
        LagProbe(settings, [service]) as probe,
        Pulses(settings) as pulses,
        HotKeys(settings.broker) as keys,
    ):
        first = probe.sample(now_ms())
        between()
        time.sleep(apart_s)
        second = probe.sample(now_ms())
        deadline_s = time.monotonic() + 30
        while moving and _stands(first, second):
            assert time.monotonic() < deadline_s, "the members read nothing"
            time.sleep(0.2)
            second = probe.sample(now_ms())
        rows = keys.named(compare(first, second, MAX_LAG_S))
        return rows, hints(rows, pulses.fresh(second.at_ms))


def _stands(first: Sample, second: Sample) -> bool:
    return any(
        now.lag and now.next_offset == first.positions[key][number].next_offset
        for key, parts in second.positions.items()
        for number, now in parts.items()
    )


def now_ms() -> int:
    return time.time_ns() // 1_000_000
