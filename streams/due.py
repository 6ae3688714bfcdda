"""Which offsets are to be committed: what is settled and not yet accepted by the broker.

    Due     settle · pending · committed · revoke · waited_s

Faust counts single offsets and forgets a commit that failed; this counts ranges, keeps what failed,
and never goes back: whoever reads a part of the log again does not undo that it was answered once.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from typing import Generic, TypeVar

TP = TypeVar("TP")


class Due(Generic[TP]):
    """Next offsets by partition; bounded by the partitions that are assigned."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._since_s = clock()  # when something became due, or was committed, last
        self._due: dict[TP, int] = {}
        self._committed: dict[TP, int] = {}

    def settle(self, next_offsets: Mapping[TP, int]) -> None:
        """A batch has had its effect."""
        if not self._due:
            self._since_s = self._clock()
        for tp, at in next_offsets.items():
            if at > max(self._due.get(tp, -1), self._committed.get(tp, -1)):
                self._due[tp] = at

    def pending(self) -> dict[TP, int]:
        """What to send to the broker now."""
        return dict(self._due)

    def committed(self, sent: Mapping[TP, int]) -> None:
        """The broker accepted `sent`; what was settled meanwhile stays due."""
        self._since_s = self._clock()
        for tp, at in sent.items():
            self._committed[tp] = max(at, self._committed.get(tp, at))
            if self._due.get(tp) == at:
                del self._due[tp]

    def revoke(self, tps: Iterable[TP]) -> None:
        """Forget partitions that somebody else has now."""
        for tp in tps:
            self._due.pop(tp, None)
            self._committed.pop(tp, None)

    def waited_s(self) -> float:
        """For how long something has been due and nothing was accepted; safe from any thread."""
        return self._clock() - self._since_s if self._due else 0.0
