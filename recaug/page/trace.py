"""Follows events by id through the topics, on the broker's clock.

    produced ─► input topic ─► recaug.events ─► recommendations
                 arrived_ms     cleaned_ms       answered_ms

Timestamps are those of the broker at append (LogAppendTime), so every stage is measured by one
clock and none by itself.
"""

from __future__ import annotations

import math
from collections import OrderedDict, deque
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from recaug.bounds import Bound, hit

#: Events under way that are measured.
CAPACITY = 50_000


@dataclass(slots=True)
class Trace:
    """When one event passed each place, epoch milliseconds; None where it was not seen."""

    sent_ms: float | None = None
    arrived_ms: int | None = None
    cleaned_ms: int | None = None


class Traces:
    """Events under way, by event id; the oldest are forgotten beyond `capacity`."""

    def __init__(self, capacity: int = CAPACITY) -> None:
        self._capacity = capacity
        self._traces: OrderedDict[str, Trace] = OrderedDict()

    def at(self, event_id: str) -> Trace:
        """Return the trace to write to, a new one for an unknown id."""
        trace = self._traces.get(event_id)
        if trace is None:
            trace = self._traces[event_id] = Trace()
            if len(self._traces) > self._capacity:
                hit(Bound.PAGE_TRACES)
                self._traces.popitem(last=False)
        return trace

    def take(self, event_id: str) -> Trace | None:
        """Return a finished event's trace and forget it."""
        return self._traces.pop(event_id, None)

    def __len__(self) -> int:
        return len(self._traces)


def stages_ms(trace: Trace, answered_ms: int, read_ms: float) -> dict[str, float]:
    """Split the way of one event into its parts, milliseconds; a part not seen is left out.

    Between machines clocks differ: a negative part is shown as 0.
    """
    marks = [
        ("kafka_in", trace.sent_ms),
        ("clean", trace.arrived_ms),
        ("recommend", trace.cleaned_ms),
        ("kafka_out", float(answered_ms)),
        ("", read_ms),
    ]
    return {
        name: max(0.0, end - begin)
        for (name, begin), (_, end) in pairwise(marks)
        if begin is not None and end is not None
    }


class Recent:
    """Values of the last `span_s` seconds, at most `capacity` of them."""

    def __init__(self, span_s: float, capacity: int = 5_000) -> None:
        self._span_s = span_s
        self._values: deque[tuple[float, float]] = deque(maxlen=capacity)

    def add(self, value: float, now_s: float) -> None:
        self._values.append((now_s, value))

    def values(self, now_s: float) -> list[float]:
        while self._values and self._values[0][0] < now_s - self._span_s:
            self._values.popleft()
        return [value for _, value in self._values]


def percentile(values: Sequence[float], share: float) -> float | None:
    """Return the nearest-rank percentile, None of nothing.

    >>> percentile([4.0, 1.0, 3.0, 2.0], 0.5)
    2.0
    """
    if not values:
        return None
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)]
