"""Who added what to popularity lately, so that it can be taken back.

    Contributions     add · take

A ring of the newest additions, 24 bytes each. What has left it stays in the counts until it has
decayed: a number per item, of which nobody can say whose it was.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable

import numpy as np

from recaug.bounds import Bound, hit

#: Additions remembered: some minutes of a busy shop, days of a quiet one.
MOST = 200_000
#: In place of a user where there is none: `hash` never returns it.
_NOBODY = -1


class Contributions:
    """The newest `most` additions. Users are kept as this process's hash of their id."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._users, self._times_ms, self._items = array("q"), array("q"), list[str]()
        self._next = 0

    def add(self, user: str, items: Iterable[str], at_ms: int) -> None:
        """Note one addition for each of `items` at `at_ms`."""
        key = hash(user)
        for item in items:
            self._put(key, item, at_ms)

    def _put(self, key: int, item: str, at_ms: int) -> None:
        if len(self._items) < self._most:
            self._users.append(key)
            self._times_ms.append(at_ms)
            self._items.append(item)
            return
        at, self._next = self._next, (self._next + 1) % self._most
        if self._items[at]:
            hit(Bound.CONTRIBUTIONS)
        self._users[at], self._times_ms[at], self._items[at] = key, at_ms, item

    def take(self, user: str) -> list[tuple[str, int]]:
        """Forget a user's additions; returns them as (item, time)."""
        users = np.array(self._users, np.int64)  # a view would keep the array from growing
        found = np.flatnonzero(users == hash(user)).tolist()
        taken = [(self._items[at], self._times_ms[at]) for at in found]
        for at in found:
            self._users[at], self._items[at] = _NOBODY, ""
        return taken
