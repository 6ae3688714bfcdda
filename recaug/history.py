"""What a user did lately: the state `recommend` keeps per user, and the input of the model."""

from __future__ import annotations

import struct
from bisect import bisect_left, bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from recaug.bounds import Bound, hit
from recaug.events import KINDS, items_of
from recaug.packing import pack_kinds, pack_names, unpack_kinds, unpack_names

#: Disliked items remembered per user.
HIDDEN = 64
#: Longest item id, characters; the event contract allows 128.
ID_CHARS = 255

_VERSION = 2
_HEAD = struct.Struct("<BBHHq")  # version, bytes per time, events, hidden items, first time


@dataclass(slots=True)
class History:
    """The newest `limit` events of one user, oldest first, one row per item of an event.

    items     item ids
    kinds     `KINDS` ids, as many
    times_ms  event times, as many, never falling
    hidden    disliked items and when; `HIDDEN` at most

    Rows are ordered by event time, whatever order events come in, and an event folded again is no
    second row: a replay that gets past the duplicate windows does no harm.
    """

    limit: int = field(default=50, compare=False)
    items: list[str] = field(default_factory=list)
    kinds: list[int] = field(default_factory=list)
    times_ms: list[int] = field(default_factory=list)
    hidden: dict[str, int] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.items)

    @property
    def seen(self) -> set[str]:
        """The items in the kept history: what is not recommended again."""
        return set(self.items)

    def copy(self) -> History:
        """The same as it is now, whatever is folded into this one later."""
        return replace(
            self, items=[*self.items], kinds=[*self.kinds], times_ms=[*self.times_ms],
            hidden={**self.hidden},
        )  # fmt: skip

    def fold(self, event: Mapping[str, Any]) -> bool:
        """Take in one canonical event; False when it changed nothing."""
        kind, at_ms = KINDS[event["event"]], event["timestamp"]
        if event.get("target_type") == "item" and event["event"] in ("like", "follow"):
            return self._opinion(event["target_id"], kind, at_ms, event)
        return self._insert_all(items_of(event), kind, at_ms)

    def _insert_all(self, items: tuple[str, ...], kind: int, at_ms: int) -> bool:
        changed = False
        for item in items:
            changed |= self._insert(item, kind, at_ms)
        return changed

    def _opinion(self, item: str, kind: int, at_ms: int, event: Mapping[str, Any]) -> bool:
        """A like or follow of an item, the taking back of one, or a dislike."""
        dislike = event.get("value") == -1
        if event.get("undo"):
            return self._show(item, at_ms) if dislike else self._remove(item, kind, at_ms)
        if dislike:
            return self._hide(item, at_ms) | self._remove(item, None, at_ms)
        return self._show(item, at_ms) | self._insert(item, kind, at_ms)

    def _insert(self, item: str, kind: int, at_ms: int) -> bool:
        if _too_long(item) or at_ms <= self.hidden.get(item, at_ms - 1):
            return False
        first, place = bisect_left(self.times_ms, at_ms), bisect_right(self.times_ms, at_ms)
        if any(self.items[i] == item and self.kinds[i] == kind for i in range(first, place)):
            return False
        if len(self.items) == self.limit:
            hit(Bound.HISTORY)
            if place == 0:
                return False
            del self.items[0], self.kinds[0], self.times_ms[0]
            place -= 1
        self.items.insert(place, item)
        self.kinds.insert(place, kind)
        self.times_ms.insert(place, at_ms)
        return True

    def _remove(self, item: str, kind: int | None, until_ms: int) -> bool:
        """Forget an item's events (of one kind, or of all) up to a time."""
        rows = zip(self.items, self.kinds, self.times_ms, strict=True)
        kept = [
            (i, k, t)
            for i, k, t in rows
            if i != item or t > until_ms or (kind is not None and k != kind)
        ]
        changed = len(kept) < len(self.items)
        self.items = [i for i, _, _ in kept]
        self.kinds = [k for _, k, _ in kept]
        self.times_ms = [t for _, _, t in kept]
        return changed

    def _hide(self, item: str, at_ms: int) -> bool:
        if _too_long(item) or self.hidden.get(item, at_ms - 1) >= at_ms:
            return False
        self.hidden[item] = at_ms
        if len(self.hidden) > HIDDEN:
            hit(Bound.HIDDEN)
            oldest = min(self.hidden, key=lambda name: (self.hidden[name], name))
            del self.hidden[oldest]
            return oldest != item
        return True

    def _show(self, item: str, at_ms: int) -> bool:
        if self.hidden.get(item, at_ms + 1) > at_ms:
            return False
        del self.hidden[item]
        return True

    def encode(self) -> bytes:
        """Bytes for a store: about five and half the id per event; `decode` reads them back."""
        names = [*self.items, *self.hidden]
        times = [*self.times_ms, *self.hidden.values()]
        base = min(times, default=0)
        gaps = [at - base for at in times]
        wide = 8 if max(gaps, default=0) >> 32 else 4
        return b"".join(
            (
                _HEAD.pack(_VERSION, wide, len(self.items), len(self.hidden), base),
                pack_kinds(self.kinds),
                struct.pack(f"<{len(gaps)}{'Q' if wide == 8 else 'I'}", *gaps),
                pack_names(names),
            )
        )

    @classmethod
    def decode(cls, data: bytes, limit: int = 50) -> History:
        """Read what `encode` wrote; the newest `limit` events of it. Raises ValueError."""
        try:
            return cls._decode(data, limit)
        except (struct.error, ValueError) as error:
            raise ValueError(f"not a history: {error}") from None

    @classmethod
    def _decode(cls, data: bytes, limit: int) -> History:
        version, wide, events, hidden, base = _HEAD.unpack_from(data)
        if version != _VERSION or wide not in (4, 8):
            raise ValueError(f"version {version}, {wide} bytes per time")
        count = events + hidden
        at_gaps = _HEAD.size + (events + 1) // 2
        at_names = at_gaps + wide * count
        gaps = struct.unpack_from(f"<{count}{'Q' if wide == 8 else 'I'}", data, at_gaps)
        times = [base + gap for gap in gaps]
        names = unpack_names(data[at_names:], count)
        first = max(0, events - limit)
        return cls(
            limit,
            names[first:events],
            unpack_kinds(data[_HEAD.size : at_gaps], events)[first:],
            times[first:events],
            dict(zip(names[events:], times[events:], strict=True)),
        )


def _too_long(item: str) -> bool:
    if len(item) <= ID_CHARS:
        return False
    hit(Bound.HISTORY_ID)
    return True
