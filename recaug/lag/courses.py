"""How the lag of each row went lately, for whoever draws it."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable

from recaug.lag.rows import Row

#: Looks that a course shows.
POINTS = 20


class Courses:
    """The last lags of every row, oldest first."""

    def __init__(self) -> None:
        self._lags: dict[tuple[str, str], deque[int]] = defaultdict(lambda: deque(maxlen=POINTS))

    def note(self, rows: Iterable[Row]) -> dict[tuple[str, str], tuple[int, ...]]:
        """Take in a look; return the course of every row there was, by group and topic."""
        for row in rows:
            self._lags[row.group, row.topic].append(row.lag)
        return {key: tuple(lags) for key, lags in self._lags.items()}
