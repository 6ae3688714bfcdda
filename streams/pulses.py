"""Sends a worker's pulse every few seconds: how much it did, and where its time went.

By a producer of its own, which waits for nothing and retries nothing for long: a topic that cannot
be written to costs pulses and never a batch, whose flush would otherwise wait for the pulse too.
"""

from __future__ import annotations

import asyncio
import os
import socket
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from confluent_kafka import KafkaException, Producer

from recaug.pulse import PULSE_S, Pulse, Stage
from recaug.security import librdkafka_options
from recaug.settings import Settings
from streams.effort import Effort
from streams.logs import logger

log = logger(__name__)

#: A pulse that the broker did not take by then is of no use any more, ms.
LATE_MS = int(PULSE_S * 1000)

STAT = Path("/proc/stat")

#: Where the columns of /proc/stat stand that are nobody's work: idle, and waiting for a disk.
IDLE = (3, 4)


@dataclass(frozen=True, slots=True)
class Reading:
    """Everything that only rises, at one time."""

    at_s: float
    records: int
    batches: int
    busy_s: float
    stage_s: Mapping[Stage, float]
    cpu_s: float
    host: tuple[int, int]  # ticks in use, ticks in all

    @classmethod
    def of(cls, effort: Effort) -> Reading:
        return cls(
            time.monotonic(), effort.records, effort.batches, effort.busy_s(), effort.stage_s(),
            time.process_time(), host_ticks(),
        )  # fmt: skip


def host_ticks(stat: Path = STAT) -> tuple[int, int]:
    """Processor time of the whole host: in use, and in all. Nothing where it does not say."""
    try:
        ticks = [int(word) for word in stat.read_text().split("\n", 1)[0].split()[1:9]]
    except (OSError, ValueError):
        return 0, 0
    every = sum(ticks)
    return every - sum(ticks[at] for at in IDLE if at < len(ticks)), every


def between(earlier: Reading, later: Reading) -> dict[str, Any]:
    """The figures of a pulse for the time between two readings."""
    used, every = (b - a for a, b in zip(earlier.host, later.host, strict=True))
    return {
        "span_s": later.at_s - earlier.at_s,
        "records": later.records - earlier.records,
        "batches": later.batches - earlier.batches,
        "busy_s": max(0.0, later.busy_s - earlier.busy_s),
        "stage_s": {
            name: max(0.0, s - earlier.stage_s.get(name, 0.0)) for name, s in later.stage_s.items()
        },
        "cpu_s": max(0.0, later.cpu_s - earlier.cpu_s),
        "load": min(1.0, max(0.0, used / every)) if every > 0 else 0.0,
    }


class Pulses:
    """The pulses of one worker; `beat` for ever, in its loop.

    :param partitions: how many are assigned now.
    :param version: of the model in use; empty where there is none.
    """

    def __init__(
        self,
        settings: Settings,
        service: str,
        effort: Effort,
        partitions: Callable[[], int],
        version: Callable[[], str] = str,
    ) -> None:
        self._effort, self._partitions, self._version = effort, partitions, version
        self._service, self._host = service, socket.gethostname()
        self._worker = settings.worker or f"{self._host}-{os.getpid()}"
        self._topic = settings.topics.pulses.name
        self._producer = Producer(
            {
                **librdkafka_options(settings.broker),
                "acks": 1,
                "delivery.timeout.ms": LATE_MS,
                "queue.buffering.max.messages": 10,
                "partitioner": "murmur2_random",
                "log_level": 2,
            }
        )
        self._last = Reading.of(effort)

    async def beat(self) -> None:
        """Send one after the other; what goes wrong is a matter for the log only."""
        while True:
            await asyncio.sleep(PULSE_S)
            try:
                self._send(self.take())
            except (KafkaException, BufferError, ValueError) as error:
                log.debug("a pulse was not sent: %s", error)

    def take(self) -> Pulse:
        """What has been since the last one."""
        earlier, self._last = self._last, Reading.of(self._effort)
        return Pulse(
            service=cast(Any, self._service),
            worker=self._worker[:128],
            host=self._host,
            at_ms=int(time.time() * 1000),
            cores=os.cpu_count() or 1,
            fine_tuning=self._effort.is_training,
            partitions=self._partitions(),
            version=self._version(),
            **between(earlier, self._last),
        )

    def _send(self, pulse: Pulse) -> None:
        key = f"{pulse.service}/{pulse.worker}".encode()
        self._producer.produce(self._topic, pulse.model_dump_json().encode(), key)
        self._producer.poll(0)

    def close(self) -> None:
        """Wait for nothing: the next worker says how it is."""
        self._producer.purge()
        self._producer.flush(0.1)
