"""Memory and open files of every process of an instance, over time; and what looks like a leak."""

from __future__ import annotations

import time
from collections import defaultdict
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from tests.e2e.faults.background import Background
from tests.e2e.faults.site import Site

EVERY_S = 5.0

#: Caches, windows and heaps fill at first: a process this young is not judged, seconds.
WARM_S = 90.0

#: Judged only when it was watched, warm, for this long, seconds.
WATCHED_S = 120.0

#: More growth than this over the time watched is a leak: megabytes, and share of what it was.
LEAK_MB, LEAK_SHARE, LEAK_FILES = 64.0, 0.25, 32

PAGE_MB = 4_096 / 2**20


@dataclass(slots=True)
class Life:
    """One process: seconds since it was first seen, resident megabytes, open files."""

    began_s: float
    ages_s: list[float] = field(default_factory=list)
    rss_mb: list[float] = field(default_factory=list)
    files: list[int] = field(default_factory=list)

    def add(self, now_s: float, rss_mb: float, files: int) -> None:
        self.ages_s.append(now_s - self.began_s)
        self.rss_mb.append(rss_mb)
        self.files.append(files)

    def warm(self, values: list[float] | list[int]) -> list[float]:
        """Those of the time when it was warm."""
        return [v for age, v in zip(self.ages_s, values, strict=True) if age >= WARM_S]

    @property
    def watched_s(self) -> float:
        return max(0.0, self.ages_s[-1] - WARM_S) if self.ages_s else 0.0

    def growth(self, values: list[float] | list[int]) -> float:
        """Of a straight line through the warm values, from its first to its last."""
        warm = self.warm(values)
        if len(warm) < 3:
            return 0.0
        return float(np.polyfit(np.arange(len(warm)), warm, 1)[0] * (len(warm) - 1))

    def leaks(self) -> bool:
        if self.watched_s < WATCHED_S:
            return False
        grown = self.growth(self.rss_mb)
        memory = grown > LEAK_MB and grown > LEAK_SHARE * self.warm(self.rss_mb)[0]
        return memory or self.growth(self.files) > LEAK_FILES


class Vitals(Background):
    """Looks every few seconds, on a thread, while the block runs."""

    def __init__(self, place: Site) -> None:
        self._place = place
        self.lives: dict[str, dict[int, Life]] = defaultdict(dict)
        super().__init__("vitals")

    def longest(self) -> dict[str, Life]:
        """Of each program the process that lived longest."""
        return {
            name: max(lives.values(), key=lambda life: life.ages_s[-1])
            for name, lives in self.lives.items()
        }

    def _run(self) -> None:
        while not self._over.wait(EVERY_S):
            for name, pid in self._processes().items():
                with suppress(OSError):  # it ended while we looked
                    self._look(name, pid, time.monotonic())

    def _processes(self) -> dict[str, int]:
        house, broker = self._place.house, self._place.kafka.process
        children = {child["name"]: child["pid"] for child in house.running["children"]}
        return {**children, "up": house.process.pid, **({"kafka": broker.pid} if broker else {})}

    def _look(self, name: str, pid: int, now_s: float) -> None:
        place = Path(f"/proc/{pid}")
        resident = int((place / "statm").read_text().split()[1]) * PAGE_MB
        files = len(list((place / "fd").iterdir()))
        self.lives[name].setdefault(pid, Life(now_s)).add(now_s, resident, files)
