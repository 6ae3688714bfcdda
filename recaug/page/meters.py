"""Rates and latencies of the last two minutes, one point a second."""

from __future__ import annotations

from collections import Counter, deque
from typing import Any

from recaug.page.trace import Recent, percentile

POINTS = 120
SPAN_S = 5.0

#: What a point holds: events in, recommendations out, rejects (per second), latencies (ms).
SERIES = ("events", "recommendations", "rejects", "p50", "p99")


class Meters:
    """Counts what happens; `tick` closes seconds. Times are monotonic seconds, an argument."""

    def __init__(self, now_s: float) -> None:
        self._second = int(now_s)
        self._counts: Counter[str] = Counter()
        self._points: dict[str, deque[float | None]] = {
            name: deque(maxlen=POINTS) for name in SERIES
        }
        self._total = Recent(SPAN_S)
        self._stages = {name: Recent(SPAN_S) for name in ("clean", "recommend")}

    def count(self, name: str, number: int = 1) -> None:
        self._counts[name] += number

    def latency(self, total_ms: float, stages_ms: dict[str, float], now_s: float) -> None:
        """Note one event's way from the input topic to its recommendation."""
        self._total.add(total_ms, now_s)
        for name, recent in self._stages.items():
            if name in stages_ms:
                recent.add(stages_ms[name], now_s)

    def tick(self, now_s: float) -> bool:
        """Close every second that has passed; say whether one has.

        A reader that was away for several seconds counted nothing in them: the first takes all.
        """
        passed = int(now_s) - self._second
        for _ in range(min(passed, POINTS)):
            self._close(now_s)
        self._second = max(self._second, int(now_s))
        return passed > 0

    def _close(self, now_s: float) -> None:
        latencies = self._total.values(now_s)
        point: dict[str, float | None] = {
            "events": self._counts["events"],
            "recommendations": self._counts["recommendations"],
            "rejects": self._counts["rejects"],
            "p50": percentile(latencies, 0.50),
            "p99": percentile(latencies, 0.99),
        }
        for name, value in point.items():
            self._points[name].append(value)
        self._counts.clear()

    def points(self) -> dict[str, list[float | None]]:
        """Return every series, oldest first, at most POINTS long."""
        return {name: list(points) for name, points in self._points.items()}

    def now(self, now_s: float) -> dict[str, Any]:
        """Return the figures of this moment: rates over 3 s, latencies over SPAN_S."""
        total = self._total.values(now_s)
        return {
            **{name: _mean(list(self._points[name])[-3:]) for name in SERIES[:3]},
            "p50": percentile(total, 0.50),
            "p99": percentile(total, 0.99),
            "stages": {
                name: percentile(recent.values(now_s), 0.50)
                for name, recent in self._stages.items()
            },
        }


def _mean(values: list[float | None]) -> float:
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else 0.0
