"""Reads for `recaug top`, in threads of their own: one follows records, one measures lag."""

from __future__ import annotations

import math
import threading
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from recaug.lag import SPACING_S, Row, Sample, compare
from recaug.lag.causes import Hint
from recaug.lag.courses import Courses
from recaug.lag.hint import hints
from recaug.lag.hot import HotKeys
from recaug.lag.probe import LagProbe
from recaug.lag.pulses import Pulses
from recaug.page.feed import Reader
from recaug.persist import persist
from recaug.pulse import Pulse
from recaug.settings import Settings
from recaug.top.scene import Scene, Shot

#: Seconds between two samples of lag, and between two polls for records.
LAG_S, POLL_S = 1.5, 0.2


@dataclass(frozen=True, slots=True)
class Behind:
    """What one sample said; `courses` are the last lags of every row."""

    rows: tuple[Row, ...] = ()
    hints: tuple[Hint, ...] = ()
    pulses: tuple[Pulse, ...] = ()
    courses: Mapping[tuple[str, str], tuple[int, ...]] = field(default_factory=dict)


class Watch:
    """`with Watch(settings) as watch:` — reads from when it is entered until it is left."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._scene = Scene(settings.topics, _now_ms())
        self._courses = Courses()
        self.behind = Behind()
        self.trouble = ""
        #: Set once lag is known.
        self.seen = threading.Event()
        self._stopping = threading.Event()
        self._threads = [
            threading.Thread(
                target=persist, args=(work, self._stopping, self._away), name=name, daemon=True
            )
            for name, work in (("top-records", self._records), ("top-lag", self._lag))
        ]

    def __enter__(self) -> Self:
        """:raises Unreachable: the broker does not answer."""
        LagProbe(self._settings).close()
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        self._stopping.set()
        for thread in self._threads:
            thread.join(timeout=5)

    def shot(self) -> Shot:
        """What the records say now."""
        return self._scene.shot(_now_ms())

    def _away(self, error: Exception) -> None:
        self.trouble = str(error)

    def _records(self) -> None:
        reader = Reader(self._settings, self._scene)
        try:
            while not self._stopping.is_set():
                reader.poll(POLL_S)
                self._scene.tick(_now_ms())
        finally:
            reader.close()

    def _lag(self) -> None:
        samples: deque[Sample] = deque(maxlen=1 + math.ceil(SPACING_S / LAG_S))
        with (
            LagProbe(self._settings) as probe,
            Pulses(self._settings) as pulses,
            HotKeys(self._settings.broker) as keys,
        ):
            while not self._stopping.is_set():
                samples.append(probe.sample(_now_ms()))
                if len(samples) == samples.maxlen:  # two too close would show a standstill
                    now = samples[-1]
                    rows = keys.named(compare(samples[0], now))
                    self.behind = self._behind(rows, pulses.fresh(now.at_ms))
                    self.seen.set()
                self.trouble = ""
                self._stopping.wait(LAG_S)

    def _behind(self, rows: list[Row], pulses: list[Pulse]) -> Behind:
        found = tuple(hints(rows, pulses))
        return Behind(tuple(rows), found, tuple(pulses), self._courses.note(rows))


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
