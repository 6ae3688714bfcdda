"""Exact, bounded memory of what was already handled, so that no event has its effect twice.

    SourceWindow   pipeline replays: the offsets of each source partition already folded
    IdWindow       client resends: the newest event ids

Both belong in the same store, and in the same atomic write, as the effect they protect.
"""

from __future__ import annotations

import struct
from collections import deque
from collections.abc import Mapping
from hashlib import blake2b

from recaug.bounds import Bound, hit

DIGEST_BYTES = 16
#: Offsets of each source remembered.
OFFSETS = 65_536

_CELL_BYTES = 128
_DIGEST = struct.Struct(f"{DIGEST_BYTES}s")
_HEADER = struct.Struct("<HI")  # length of a cell's name, length of its value


def coordinates(src: bytes | str) -> tuple[str, int]:
    """Split a `src` header, `topic:partition:offset`, into its source and its offset.

    Raises ValueError when it is not of that form.
    """
    text = src.decode() if isinstance(src, bytes) else src
    source, _, offset = text.rpartition(":")
    topic, _, partition = source.rpartition(":")
    if not (topic and partition.isdecimal() and offset.isdecimal()):
        raise ValueError(f"not topic:partition:offset: {text!r}")
    return source, int(offset)


class _Marks:
    """One source: its highest offset, and a ring of bits for the newest `size` offsets."""

    __slots__ = ("bits", "high", "touched")

    def __init__(self, size: int) -> None:
        self.bits = bytearray(size // 8)
        self.high = -1
        self.touched: set[int] = set()


class SourceWindow:
    """Which offsets of each source `topic:partition` were marked, exact for the newest `size`.

    An offset older than the window counts as seen: its effect is in the state already, or the log
    was re-read from too far back, which the store's own offset rules out. Sources are as many as
    the input partitions, each `size / 8` bytes.
    """

    def __init__(self, size: int = OFFSETS) -> None:
        if size < 8 or size & (size - 1):
            raise ValueError(f"size must be a power of two of at least 8, not {size}")
        self.size = size
        self._mask = size - 1
        self._cell = min(_CELL_BYTES, size // 8)
        self._marks: dict[str, _Marks] = {}

    def seen(self, source: str, offset: int) -> bool:
        marks = self._marks.get(source)
        if marks is None or offset > marks.high:
            return False
        if offset <= marks.high - self.size:
            return True
        at = offset & self._mask
        return bool(marks.bits[at >> 3] >> (at & 7) & 1)

    def mark(self, source: str, offset: int) -> None:
        marks = self._marks.get(source)
        if marks is None:
            marks = self._marks[source] = _Marks(self.size)
        if offset <= marks.high - self.size:
            hit(Bound.SOURCE_WINDOW)
            return
        if offset > marks.high:
            self._advance(marks, offset)
        at = offset & self._mask
        marks.bits[at >> 3] |= 1 << (at & 7)
        marks.touched.add((at >> 3) // self._cell)

    def _advance(self, marks: _Marks, offset: int) -> None:
        """Move the high mark to `offset`; the offsets skipped on the way are unseen."""
        skipped, fresh = offset - marks.high - 1, marks.high < 0
        marks.high = offset
        if fresh or not skipped:
            return
        if skipped >= self.size:
            marks.bits = bytearray(self.size // 8)
            marks.touched.update(range(self.size // 8 // self._cell))
            return
        for gone in range(offset - skipped, offset):
            at = gone & self._mask
            marks.bits[at >> 3] &= ~(1 << (at & 7))
            marks.touched.add((at >> 3) // self._cell)

    def delta(self) -> dict[str, bytes]:
        """The cells that changed since the last call, for a store to put over its own.

        A cell `source` holds the high mark in decimal, a cell `source#n` the n-th slice of bits.
        """
        changed: dict[str, bytes] = {}
        for source, marks in self._marks.items():
            if marks.touched:
                changed.update(self._cells(source, marks, marks.touched))
                marks.touched = set()
        return changed

    def _cells(self, source: str, marks: _Marks, numbers: set[int]) -> dict[str, bytes]:
        cells = {source: b"%d" % marks.high}
        for n in sorted(numbers):
            cells[f"{source}#{n}"] = bytes(marks.bits[n * self._cell : (n + 1) * self._cell])
        return cells

    def absorb(self, cells: Mapping[str, bytes]) -> None:
        """Become what a store holds: every cell of every delta so far. Raises ValueError."""
        found: dict[str, _Marks] = {}
        for name, value in cells.items():
            source, _, number = name.partition("#")
            marks = found.setdefault(source, _Marks(self.size))
            if not number:
                marks.high = int(value)
                continue
            start = int(number) * self._cell
            if len(value) != self._cell or start >= len(marks.bits):
                raise ValueError(f"cell {name} does not fit a window of {self.size}")
            marks.bits[start : start + self._cell] = value
        if any(marks.high < 0 for marks in found.values()):
            raise ValueError("a source without its high mark")
        self._marks = found

    def snapshot(self) -> bytes:
        """Everything, for a checkpoint: equal windows, equal bytes. Does not count as a `delta`."""
        every = set(range(self.size // 8 // self._cell))
        parts: list[bytes] = []
        for source, marks in sorted(self._marks.items()):
            for name, value in self._cells(source, marks, every).items():
                encoded = name.encode()
                parts += _HEADER.pack(len(encoded), len(value)), encoded, value
        return b"".join(parts)

    def restore(self, data: bytes) -> None:
        """Become what `snapshot` saw. Raises ValueError on bytes it did not write."""
        cells, at = {}, 0
        while at < len(data):
            if len(data) - at < _HEADER.size:
                raise ValueError("snapshot of a source window is cut short")
            name_bytes, value_bytes = _HEADER.unpack_from(data, at)
            name_end = at + _HEADER.size + name_bytes
            at_next = name_end + value_bytes
            if at_next > len(data):
                raise ValueError("snapshot of a source window is cut short")
            cells[data[at + _HEADER.size : name_end].decode()] = data[name_end:at_next]
            at = at_next
        self.absorb(cells)


class IdWindow:
    """The newest `size` distinct event ids, first in first out, as 16-byte digests."""

    def __init__(self, size: int = 200_000) -> None:
        if size < 1:
            raise ValueError(f"size must be at least 1, not {size}")
        self.size = size
        self._order: deque[bytes] = deque()
        self._known: set[bytes] = set()
        self._added: deque[bytes] = deque(maxlen=size)

    def __len__(self) -> int:
        return len(self._order)

    def seen(self, event_id: str) -> bool:
        return digest(event_id) in self._known

    def add(self, event_id: str) -> bool:
        """Remember an id; False when it was known, and then it keeps its place."""
        key = digest(event_id)
        if key in self._known:
            return False
        self._push(key)
        self._added.append(key)
        return True

    def _push(self, key: bytes) -> None:
        if len(self._order) == self.size:
            hit(Bound.ID_WINDOW)
            self._known.discard(self._order.popleft())
        self._order.append(key)
        self._known.add(key)

    def added(self) -> list[bytes]:
        """Digests added since the last call, oldest first, for a store to append to its own."""
        fresh = list(self._added)
        self._added.clear()
        return fresh

    def snapshot(self) -> bytes:
        """All digests, oldest first, for a checkpoint; does not count as `added`."""
        return b"".join(self._order)

    def restore(self, data: bytes) -> None:
        """Become what `snapshot` saw, or as much of its newest end as fits. Raises ValueError."""
        if len(data) % DIGEST_BYTES:
            raise ValueError("snapshot of an id window is cut short")
        newest = data[max(0, len(data) - self.size * DIGEST_BYTES) :]
        keys = dict.fromkeys(key for (key,) in _DIGEST.iter_unpack(newest))
        self._order, self._known = deque(keys), set(keys)
        self._added.clear()


def digest(event_id: str) -> bytes:
    """What stands for an event id: 16 bytes of BLAKE2b, so a long id costs no more than a short."""
    return blake2b(event_id.encode("utf-8", "surrogatepass"), digest_size=DIGEST_BYTES).digest()
