"""Holds a rate: says how many events are due, and how long to wait for the next few."""

from __future__ import annotations

#: Events are sent in groups this far apart: small enough not to be felt, and cheap.
TICK_S = 0.02
#: A stall longer than this is not made good, so that the events after it do not come as a flood.
FORGIVEN_S = 1.0


class Pace:
    """`rate` events per second from `start_s` on, exact over any stretch without a stall.

    Times are seconds of any one steady clock.
    """

    def __init__(self, rate: float, start_s: float) -> None:
        self.rate = rate
        self._start_s = start_s
        self._sent = 0

    def take(self, now_s: float) -> int:
        """How many events to send now; they count as sent."""
        owed = (now_s - self._start_s) * self.rate - self._sent
        if owed > FORGIVEN_S * self.rate + 1:
            self._start_s += owed / self.rate - FORGIVEN_S
            owed = FORGIVEN_S * self.rate
        due = max(0, int(owed))
        self._sent += due
        return due

    def wait_s(self, now_s: float) -> float:
        """Seconds until more events are due: a tick, or longer where the rate is low."""
        next_s = self._start_s + (self._sent + 1) / self.rate
        return max(0.0, TICK_S, next_s - now_s)
