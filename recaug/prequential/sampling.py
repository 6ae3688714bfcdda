"""Holds the frozen model's share of a worker's time, however long it takes to answer."""

from __future__ import annotations

#: Least time between two requests that the frozen model answers too, seconds.
GAP_S = 0.05
#: Most of a worker's time that it may take.
SHARE = 0.02


class Sampling:
    """Times are seconds of any one steady clock."""

    def __init__(self) -> None:
        self._next_s = float("-inf")

    def due(self, now_s: float) -> bool:
        """Whether a request may be answered twice now."""
        return now_s >= self._next_s

    def took(self, began_s: float, ended_s: float) -> None:
        """Note what one answer took."""
        self._next_s = ended_s + max(GAP_S, (ended_s - began_s) / SHARE)
