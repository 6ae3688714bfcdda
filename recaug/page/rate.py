"""How often each client may ask: a bucket of tokens for each, as many clients as `CLIENTS`."""

from __future__ import annotations

import ipaddress
from collections import Counter, OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from recaug.bounds import Bound, hit

#: Clients remembered; the one seen least recently is forgotten, and starts afresh.
CLIENTS = 4_096


@dataclass(frozen=True, slots=True)
class Rate:
    """:ivar per_s: requests a second in the long run; :ivar burst: and so many at once."""

    per_s: float
    burst: int


class Buckets:
    """Token buckets by client. Not thread-safe: the event loop is its only caller."""

    def __init__(self, rate: Rate, clients: int = CLIENTS) -> None:
        self._rate, self._clients = rate, clients
        self._held: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._held)

    def take(self, client: str, now_s: float) -> float:
        """Let a request through and return 0, or return after how many seconds it may come again.

        `now_s` is any steady clock.
        """
        tokens, then_s = self._held.pop(client, (float(self._rate.burst), now_s))
        passed_s = max(0.0, now_s - then_s)
        tokens = min(float(self._rate.burst), tokens + passed_s * self._rate.per_s)
        wait_s = 0.0 if tokens >= 1.0 else (1.0 - tokens) / self._rate.per_s
        self._held[client] = (tokens if wait_s else tokens - 1.0, now_s)
        if len(self._held) > self._clients:
            self._held.popitem(last=False)
        return wait_s


class Seats:
    """Open streams, at most so many in all and so many a client."""

    def __init__(self, most: int, per_client: int) -> None:
        self._most, self._per_client = most, per_client
        self._taken: Counter[str] = Counter()

    @contextmanager
    def take(self, client: str) -> Iterator[bool]:
        """Whether there was a seat; it is given back at the end."""
        free = self._taken.total() < self._most and self._taken[client] < self._per_client
        if not free:
            hit(Bound.PAGE_STREAMS)
            yield False
            return
        self._taken[client] += 1
        try:
            yield True
        finally:
            self._taken[client] -= 1
            if not self._taken[client]:
                del self._taken[client]


def client_of(address: str) -> str:
    """What counts as one client: an IPv4 address, or the /64 that an IPv6 host can choose from."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address
    if found.version == 4:
        return address
    return str(ipaddress.ip_network((found, 64), strict=False))
