"""The newest sessions by what they held: an inverted index that grows and forgets click by click.

    SessionIndex     learn · forget · slot · listed · holders · rarity

After VMIS-kNN (Kersbergen et al., "Serenade: Low-Latency Session-Based Recommendation in e-Commerce
at Scale", SIGMOD 2022), which builds such an index from a day's log; this one is never built.
"""

from __future__ import annotations

from array import array
from collections.abc import Hashable, Sequence

import numpy as np
from numpy.typing import NDArray

from recaug.bounds import Bound, hit

#: Sessions held.
SESSIONS = 1_000_000
#: Newest sessions listed under an item.
PER_ITEM = 1_000
#: Newest items of a session.
LENGTH = 50
#: Distinct items held.
ITEMS = 1_000_000
#: Sessions that there is room for at first.
LEAST = 1_024


class SessionIndex:
    """Sessions as ordered sets of items, and for each item the sessions that hold it.

    sessions  held; the one that began first is forgotten for a new one
    per_item  newest sessions listed under an item
    length    newest distinct items of a session
    items     distinct items held; a click on one more is passed over

    A session lives in a slot of a ring, an item is known by its row; slots and rows are used again
    once nothing holds them, so that names are bounded as well. An item clicked again moves to the
    end of its session.
    """

    def __init__(self, *, sessions: int, per_item: int, length: int, items: int) -> None:
        if min(sessions, per_item, length, items) < 1:
            raise ValueError("sessions, per_item, length and items must be positive")
        self._per_item, self._length, self._most = per_item, length, items
        self._slots: dict[Hashable, int] = {}
        self._sessions, self._keys = sessions, list[Hashable | None]()
        self._next = 0
        self.rows: dict[Hashable, int] = {}
        self.names: list[Hashable] = []
        self._free: list[int] = []
        self._holders = array("i")  # sessions by row
        self._listed: list[array[int]] = []
        self.items = np.zeros((0, length), np.int32)  # rows, oldest click first
        self.held = np.zeros(0, np.int32)  # how many of them
        self.touched = np.zeros(0, np.int64)  # number of the newest click
        self.clicks = 0

    def __len__(self) -> int:
        return len(self._slots)

    def slot(self, session: Hashable) -> int:
        """Where a session is held, −1 where it is not."""
        return self._slots.get(session, -1)

    def listed(self, rows: Sequence[int], most: int) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
        """Slots (m,) of the newest `most` listed sessions of each item, and where each's end.

        The newest to an item is its last.
        """
        parts = [self._listed[row][-most:] for row in rows]
        ends = np.cumsum([len(part) for part in parts])
        # Bytes, for a view would keep a list from growing.
        return np.frombuffer(b"".join(parts), np.int32), ends

    @property
    def holders(self) -> NDArray[np.int32]:
        """Sessions that hold each row (N,). A view: nothing can be learned while it is kept."""
        return np.frombuffer(self._holders, np.int32)

    def rarity(self, rows: NDArray[np.integer]) -> NDArray[np.float64]:
        """1 + ln(sessions held / sessions that hold the item): 1 for what everybody has."""
        return np.asarray(1.0 + np.log(len(self._slots) / self.holders[rows]))

    def learn(self, session: Hashable, item: Hashable) -> bool:
        """Take in the next click of a session; sessions may interleave.

        Returns whether the session did not hold the item yet.
        """
        if item not in self.rows and len(self.rows) == self._most:
            hit(Bound.KNN_ITEMS)
            return True
        slot = self._slots.get(session)
        if slot is None:
            slot = self._begin(session)
        row = self.rows.get(item)  # not before: an item may leave with the session that makes room
        if row is None:
            row = self._name(item)
        self.clicks += 1
        self.touched[slot] = self.clicks
        return self._append(slot, row)

    def _name(self, item: Hashable) -> int:
        if self._free:
            row = self._free.pop()
            self.names[row] = item
        else:
            row = len(self.names)
            self.names.append(item)
            self._holders.append(0)
            self._listed.append(array("i"))
        self.rows[item] = row
        return row

    def _begin(self, session: Hashable) -> int:
        slot = self._next
        self._next = (slot + 1) % self._sessions
        if slot == len(self._keys):
            self._keys.append(None)
            self._make_room()
        elif self.held[slot]:
            hit(Bound.KNN_SESSIONS)
            self.forget(self._keys[slot])
        self._keys[slot] = session
        self._slots[session] = slot
        return slot

    def _make_room(self) -> None:
        """Twice the memory, where it is used up."""
        had = len(self.held)
        if len(self._keys) > had:
            more = min(max(had, LEAST), self._sessions - had)
            self.items = np.concatenate((self.items, np.zeros((more, self._length), np.int32)))
            self.held = np.concatenate((self.held, np.zeros(more, np.int32)))
            self.touched = np.concatenate((self.touched, np.zeros(more, np.int64)))

    def _append(self, slot: int, row: int) -> bool:
        rows = self.items[slot, : self.held[slot]].tolist()
        new = row not in rows
        if new:
            self._list(row, slot)
        else:
            rows.remove(row)
        rows.append(row)
        if len(rows) > self._length:
            hit(Bound.KNN_LENGTH)
            self._unlist(rows.pop(0), slot)
        self.items[slot, : len(rows)] = rows
        self.held[slot] = len(rows)
        return new

    def _list(self, row: int, slot: int) -> None:
        self._holders[row] += 1
        listed = self._listed[row]
        listed.append(slot)
        if len(listed) > self._per_item:
            hit(Bound.KNN_PER_ITEM)
            del listed[0]

    def _unlist(self, row: int, slot: int) -> None:
        listed = self._listed[row]
        # Ten times as fast as `listed.index`; nothing where newer sessions have taken its place.
        for at in np.flatnonzero(np.frombuffer(listed, np.int32) == slot).tolist():
            del listed[at]
        self._holders[row] -= 1
        if not self._holders[row]:
            del self.rows[self.names[row]]
            self.names[row] = None
            self._free.append(row)

    def forget(self, session: Hashable) -> None:
        """Erase a session; nothing happens where it is not held."""
        slot = self._slots.pop(session, None)
        if slot is None:
            return
        for row in self.items[slot, : self.held[slot]].tolist():
            self._unlist(row, slot)
        self.items[slot] = self.held[slot] = self.touched[slot] = 0
        self._keys[slot] = None
