"""How long an event waits for its list, from append to append by the broker's clock.

Pairs      event(id, at) and list(id, at): the delay, as soon as both were seen
Delays     a histogram of such delays
"""

from __future__ import annotations

from bisect import bisect_left
from collections import OrderedDict
from collections.abc import Iterator
from itertools import accumulate

from recaug.bounds import Bound, hit
from recaug.exposition import Sample
from recaug.page.trace import CAPACITY

#: Upper ends of the histogram's buckets, seconds.
BUCKETS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)


class Pairs:
    """Halves that wait for the other, whichever was read first; the oldest are forgotten."""

    def __init__(self, capacity: int = CAPACITY) -> None:
        self._capacity = capacity
        self._events: OrderedDict[str, int] = OrderedDict()
        self._lists: OrderedDict[str, int] = OrderedDict()

    def event(self, event_id: str, at_ms: int) -> float | None:
        """Note an event's append; return the delay in seconds if its list was seen before."""
        answered_ms = self._lists.pop(event_id, None)
        if answered_ms is not None:
            return _delay_s(at_ms, answered_ms)
        self._keep(self._events, event_id, at_ms)
        return None

    def list(self, event_id: str, at_ms: int) -> float | None:
        """Note a list's append; return the delay in seconds if its event was seen before."""
        arrived_ms = self._events.pop(event_id, None)
        if arrived_ms is not None:
            return _delay_s(arrived_ms, at_ms)
        self._keep(self._lists, event_id, at_ms)
        return None

    def _keep(self, halves: OrderedDict[str, int], event_id: str, at_ms: int) -> None:
        halves.setdefault(event_id, at_ms)  # of one that is sent twice the first counts
        if len(halves) > self._capacity:
            hit(Bound.PAGE_TRACES)
            halves.popitem(last=False)


def _delay_s(arrived_ms: int, answered_ms: int) -> float:
    return max(0, answered_ms - arrived_ms) / 1000


class Delays:
    """A histogram of seconds."""

    def __init__(self) -> None:
        self._counts = [0] * (len(BUCKETS) + 1)
        self._sum_s = 0.0

    def add(self, delay_s: float | None) -> None:
        """Count a delay; None is none."""
        if delay_s is not None:
            self._counts[bisect_left(BUCKETS, delay_s)] += 1
            self._sum_s += delay_s

    def samples(self) -> Iterator[Sample]:
        """Buckets are cumulative: `le` is "at most"."""
        ends = [*map(str, BUCKETS), "+Inf"]
        for end, count in zip(ends, accumulate(self._counts), strict=True):
            yield Sample({"le": end}, count, "_bucket")
        yield Sample({}, self._sum_s, "_sum")
        yield Sample({}, sum(self._counts), "_count")
