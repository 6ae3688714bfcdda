"""What a service has done so far, said in its log now and then."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable

from streams.logs import logger

log = logger(__name__)

#: Seconds between two lines.
REPORT_S = 30.0


class Totals:
    """Counts by name; the names are few and fixed, whatever producers send."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._counts: Counter[str] = Counter()
        self._said = clock()

    def count(self, names: Iterable[str]) -> None:
        """One more of each."""
        self._counts.update(names)

    def add(self, name: str, number: int) -> None:
        """`number` more of one."""
        self._counts[name] += number

    def report(self) -> None:
        """Say them, if the last time was `REPORT_S` ago."""
        if self._clock() - self._said > REPORT_S:
            self._said = self._clock()
            counts = {name: n for name, n in self._counts.items() if n}
            log.info("so far: %s", counts, counts=counts)
