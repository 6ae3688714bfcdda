"""Keeps metrics up to date in two threads: one samples lag, one reads records.

A scrape takes the text that was made last and asks nobody: it cannot hang. While the broker is
away there are no gauges of it, and `recaug_kafka_up` is 0; counters stay, for they stay true.
"""

from __future__ import annotations

import logging
import math
import threading
import time
from collections import deque
from typing import NamedTuple

from recaug.exporter import families as f
from recaug.exporter.groups import metrics
from recaug.exporter.tally import Tally
from recaug.exposition import Sample, text
from recaug.lag import SPACING_S, compare
from recaug.lag import Sample as LagSample
from recaug.lag.probe import LagProbe
from recaug.page.feed import Reader
from recaug.persist import persist
from recaug.settings import Settings

log = logging.getLogger(__name__)

STOP_S = 3.0
#: Between two polls, and between two pages of what was read.
POLL_GAP_S, TELL_S = 0.1, 1.0
#: So many samples that should have been and were not, or so long, and lag is not known.
MISSED, PATIENCE_S = 3, 15.0


class Told(NamedTuple):
    """A sample as text, and when it was taken: seconds of a steady clock, and milliseconds."""

    text: str
    at_s: float
    at_ms: int


class Watch:
    """`start` it and `stop` it; `metrics` may be asked for from any thread at any time."""

    def __init__(self, settings: Settings, every_s: float, cluster: str) -> None:
        """
        :param every_s: seconds between two samples of lag.
        :param cluster: the label `cluster_name`.
        """
        self._settings, self._every_s, self._cluster = settings, every_s, cluster
        self._told: Told | None = None
        self._read = Tally(settings).metrics()
        self._stopping = threading.Event()
        self._threads = [
            threading.Thread(
                target=persist, args=(work, self._stopping, _warn), name=name, daemon=True
            )
            for name, work in (("exporter-lag", self._lag), ("exporter-records", self._records))
        ]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Takes `STOP_S` at most: one that waits for a broker ends with the process."""
        self._stopping.set()
        until_s = time.monotonic() + STOP_S
        for thread in self._threads:
            thread.join(max(0.0, until_s - time.monotonic()))

    def up(self, now_s: float) -> bool:
        """Whether lag is known: a broker may also fall silent without a word."""
        return self._fresh(now_s) is not None

    def metrics(self, now_s: float) -> str:
        """The page for a scrape at `now_s` of the steady clock."""
        told = self._fresh(now_s)
        if told is None:
            return text(f.KAFKA_UP, [Sample({}, 0)]) + self._read
        sampled = text(f.SAMPLED, [Sample({}, told.at_ms / 1000)])
        return text(f.KAFKA_UP, [Sample({}, 1)]) + sampled + told.text + self._read

    def _fresh(self, now_s: float) -> Told | None:
        told = self._told
        patience_s = max(PATIENCE_S, MISSED * self._every_s)
        return told if told is not None and now_s - told.at_s <= patience_s else None

    def _lag(self) -> None:
        samples: deque[LagSample] = deque(maxlen=1 + math.ceil(SPACING_S / self._every_s))
        try:
            with LagProbe(self._settings) as probe:
                while not self._stopping.is_set():
                    samples.append(probe.sample(time.time_ns() // 1_000_000))
                    self._told = self._tell(samples)
                    self._stopping.wait(self._every_s)
        finally:
            self._told = None

    def _tell(self, samples: deque[LagSample]) -> Told:
        newest = samples[-1]
        rows = compare(samples[0], newest) if len(samples) > 1 else []
        page = metrics(newest, rows, newest.retention_ms, self._cluster)
        return Told(page, time.monotonic(), newest.at_ms)

    def _records(self) -> None:
        tally = Tally(self._settings)
        reader = Reader(self._settings, tally)
        try:
            while not self._stopping.is_set():
                due_s = time.monotonic() + TELL_S
                while time.monotonic() < due_s and not self._stopping.is_set():
                    reader.poll(due_s - time.monotonic())
                    self._stopping.wait(POLL_GAP_S)
                self._read = tally.metrics()
        finally:
            reader.close()


def _warn(error: Exception) -> None:
    log.warning("kafka: %s", error)
