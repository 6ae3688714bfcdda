"""The newest events for training, one row per item of an event, bounded by count and by age.

Ids are numbered in order of arrival and the numbering is compacted whenever old rows go, so memory
is bounded by the rows held: about 17 bytes each, twice over, plus the ids that occur in them.
"""

from __future__ import annotations

import io
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from recaug import atomic
from recaug.bounds import Bound, hit

Int8 = npt.NDArray[np.int8]
Int32 = npt.NDArray[np.int32]
Int64 = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Rows in log order; `users` and `items` index the two lists of ids, which are in use all."""

    users: Int32  # (n,)
    items: Int32  # (n,)
    kinds: Int8  # (n,)
    times_ms: Int64  # (n,)
    user_ids: list[str]
    item_ids: list[str]

    def __len__(self) -> int:
        return len(self.users)


class RollingBuffer:
    """At most `max_events` rows, none more than `max_age_ms` older than the newest event time."""

    def __init__(self, max_events: int, max_age_ms: int) -> None:
        if max_events < 1 or max_age_ms < 1:
            raise ValueError("a buffer holds at least one event for at least a millisecond")
        self.max_events, self.max_age_ms = max_events, max_age_ms
        self._users, self._items = _Ids(), _Ids()
        self._rows = _Rows.empty(min(2 * max_events, 4096))
        self._size = 0

    def __len__(self) -> int:
        """Rows held, before those that are too old are left out of the snapshot."""
        return min(self._size, self.max_events)

    def extend(
        self, users: list[str], items: list[str], kinds: list[int], times_ms: list[int]
    ) -> None:
        """Append rows in log order; the four lists have one entry per item of an event."""
        if not len(users) == len(items) == len(kinds) == len(times_ms):
            raise ValueError("users, items, kinds and times_ms differ in length")
        for at in range(0, len(users), self.max_events):
            part = slice(at, at + self.max_events)
            self._append(users[part], items[part], kinds[part], times_ms[part])

    def forget(self, users: Iterable[str]) -> int:
        """Remove all rows of these users, and the ids that only they used; returns how many."""
        numbers = self._users.known(users)
        if not numbers:
            return 0
        rows = self._rows.part(0, self._size)
        kept = ~np.isin(rows.users, numbers)
        gone = self._size - int(kept.sum())
        self._keep(rows.where(kept))
        return gone

    def snapshot(self) -> Snapshot:
        """The rows within both bounds, with tables of just the ids in them."""
        self._trim()
        rows = self._rows.part(0, self._size)
        users, items = self._users.names, self._items.names
        return Snapshot(
            rows.users.copy(), rows.items.copy(), rows.kinds.copy(), rows.times_ms.copy(),
            list(users), list(items),
        )  # fmt: skip

    def save(self, path: Path) -> None:
        """Write to `path` atomically as .npz; ids as UTF-8 bytes and lengths, nothing pickled."""
        held = self.snapshot()
        file = io.BytesIO()
        user_text, user_sizes = _pack(held.user_ids)
        item_text, item_sizes = _pack(held.item_ids)
        np.savez(
            file,
            bounds=np.array([self.max_events, self.max_age_ms], np.int64),
            users=held.users, items=held.items, kinds=held.kinds, times_ms=held.times_ms,
            user_text=user_text, user_sizes=user_sizes,
            item_text=item_text, item_sizes=item_sizes,
        )  # fmt: skip
        atomic.write_bytes(path, file.getvalue())

    @classmethod
    def load(
        cls, path: Path, max_events: int | None = None, max_age_ms: int | None = None
    ) -> RollingBuffer:
        """Read what `save` wrote; the bounds given replace those it was saved with."""
        with np.load(path, allow_pickle=False) as saved:
            bounds = saved["bounds"]
            buffer = cls(max_events or int(bounds[0]), max_age_ms or int(bounds[1]))
            buffer._users = _Ids(_unpack(saved["user_text"], saved["user_sizes"]))
            buffer._items = _Ids(_unpack(saved["item_text"], saved["item_sizes"]))
            buffer._rows = _Rows(saved["users"], saved["items"], saved["kinds"], saved["times_ms"])
        buffer._size = len(buffer._rows.users)
        buffer._trim()
        return buffer

    def _append(
        self, users: list[str], items: list[str], kinds: list[int], times_ms: list[int]
    ) -> None:
        count = len(users)
        if self._size + count > 2 * self.max_events:
            self._trim()
        self._reserve(self._size + count)
        new = self._rows.part(self._size, self._size + count)
        new.users[:] = self._users.numbers(users)
        new.items[:] = self._items.numbers(items)
        new.kinds[:], new.times_ms[:] = kinds, times_ms
        self._size += count

    def _reserve(self, size: int) -> None:
        capacity = len(self._rows.users)
        if size > capacity:
            larger = _Rows.empty(min(2 * self.max_events, max(size, 2 * capacity)))
            larger.part(0, self._size).fill(self._rows.part(0, self._size))
            self._rows = larger

    def _trim(self) -> None:
        """Drop what is over the count, then what is too old, and the ids only they used."""
        rows = self._rows.part(max(0, self._size - self.max_events), self._size)
        if not len(rows.users):
            return
        hit(Bound.TRAINING_EVENTS, self._size - len(rows.users))
        young = rows.times_ms >= rows.times_ms.max() - self.max_age_ms
        if len(rows.users) == self._size and bool(young.all()):
            return
        hit(Bound.TRAINING_AGE, int(len(young) - np.count_nonzero(young)))
        self._keep(rows.where(young))

    def _keep(self, kept: _Rows) -> None:
        """Become these rows of the ones held, with tables of just the ids in them."""
        kept.users[:] = self._users.compact(kept.users)
        kept.items[:] = self._items.compact(kept.items)
        self._size = len(kept.users)
        self._rows.part(0, self._size).fill(kept)


@dataclass(frozen=True, slots=True)
class _Rows:
    users: Int32
    items: Int32
    kinds: Int8
    times_ms: Int64

    @classmethod
    def empty(cls, size: int) -> _Rows:
        return cls(
            np.empty(size, np.int32), np.empty(size, np.int32),
            np.empty(size, np.int8), np.empty(size, np.int64),
        )  # fmt: skip

    def part(self, start: int, stop: int) -> _Rows:
        """A view, so that writing into it writes into these rows."""
        at = slice(start, stop)
        return _Rows(self.users[at], self.items[at], self.kinds[at], self.times_ms[at])

    def where(self, mask: npt.NDArray[np.bool_]) -> _Rows:
        return _Rows(self.users[mask], self.items[mask], self.kinds[mask], self.times_ms[mask])

    def fill(self, other: _Rows) -> None:
        self.users[:], self.items[:] = other.users, other.items
        self.kinds[:], self.times_ms[:] = other.kinds, other.times_ms


class _Ids:
    """Ids to numbers in order of first arrival."""

    __slots__ = ("_numbers", "names")

    def __init__(self, names: list[str] | None = None) -> None:
        self.names: list[str] = names or []
        self._numbers = {name: number for number, name in enumerate(self.names)}

    def numbers(self, names: list[str]) -> list[int]:
        known = self._numbers
        return [known[name] if name in known else self._add(name) for name in names]

    def known(self, names: Iterable[str]) -> list[int]:
        """Numbers of those names that have one."""
        return [self._numbers[name] for name in names if name in self._numbers]

    def _add(self, name: str) -> int:
        number = self._numbers[name] = len(self.names)
        self.names.append(name)
        return number

    def compact(self, used: Int32) -> Int32:
        """Forget ids not in `used`; returns `used` under the new numbers (order is kept)."""
        kept, renumbered = np.unique(used, return_inverse=True)
        self.names = [self.names[number] for number in kept.tolist()]
        self._numbers = {name: number for number, name in enumerate(self.names)}
        return renumbered.astype(np.int32)


def _pack(names: list[str]) -> tuple[npt.NDArray[np.uint8], Int32]:
    parts = [name.encode("utf-8", "surrogatepass") for name in names]
    text = np.frombuffer(b"".join(parts), np.uint8)
    return text, np.array([len(part) for part in parts], np.int32)


def _unpack(text: npt.NDArray[np.uint8], sizes: Int32) -> list[str]:
    raw, ends = text.tobytes(), np.cumsum(sizes, dtype=np.int64).tolist()
    starts = [0, *ends[:-1]] if ends else []
    pairs = zip(starts, ends, strict=True)
    return [raw[start:end].decode("utf-8", "surrogatepass") for start, end in pairs]
