"""Folding the clean log into the rolling training buffer: once each, from positions of its own.

The log is the buffer; this is its newest part in memory. A checkpoint holds the buffer, the memory
of what was folded, and the offset each partition goes on at, written together: after a crash the
log is read again from there and the result is the same. Committed group offsets are for the eye.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import orjson

from recaug import atomic
from recaug.buffer import RollingBuffer
from recaug.events import KINDS, items_of, user_key
from recaug.settings import Settings
from recaug.windows import IdWindow, SourceWindow, coordinates

CURRENT, BUFFER = "CURRENT", "buffer.npz"
KEPT = 2


class LogRecord(Protocol):
    """A record of `recaug.events`, whatever client read it."""

    @property
    def partition(self) -> int: ...
    @property
    def offset(self) -> int: ...
    @property
    def timestamp(self) -> int: ...
    @property
    def key(self) -> bytes | None: ...
    @property
    def value(self) -> bytes: ...
    @property
    def headers(self) -> Sequence[tuple[str, bytes]]: ...


@dataclass(slots=True)
class _Partition:
    """What was folded from one partition."""

    resend_window: int
    next_offset: int = 0
    sources: SourceWindow = field(init=False)
    ids: IdWindow = field(init=False)

    def __post_init__(self) -> None:
        self.sources = SourceWindow()
        self.ids = IdWindow(self.resend_window)

    def is_new(self, record: LogRecord, event: dict[str, Any]) -> bool:
        """Whether the event has had no effect yet; from now on it has."""
        if record.offset < self.next_offset:
            return False
        self.next_offset = record.offset + 1
        source, offset = source_of(record)
        if self.sources.seen(source, offset):
            return False
        self.sources.mark(source, offset)
        return self.ids.add(event["event_id"])


class Collector:
    """The buffer and its positions; `fold` in log order, `save` and `load` as one."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.buffer = RollingBuffer(settings.buffer_events, int(settings.buffer_age_s * 1000))
        self.events = 0
        self._partitions: dict[int, _Partition] = {}

    @property
    def positions(self) -> dict[int, int]:
        """The offset each partition goes on at."""
        return {number: held.next_offset for number, held in self._partitions.items()}

    def fold(self, records: Iterable[LogRecord]) -> int:
        """Fold what is new; returns how many events that was."""
        users, items, kinds, times = [], [], [], []
        before = self.events
        for record in records:
            event = orjson.loads(record.value)
            if not self._partition(record.partition).is_new(record, event):
                continue
            self.events += 1
            for item in items_of(event):
                users.append(user_key(event))
                items.append(item)
                kinds.append(KINDS[event["event"]])
                times.append(event["timestamp"])
        if items:
            self.buffer.extend(users, items, kinds, times)
        return self.events - before

    def _partition(self, number: int) -> _Partition:
        if number not in self._partitions:
            self._partitions[number] = _Partition(self._settings.resend_window)
        return self._partitions[number]

    def save(self, root: Path) -> Path:
        """Write a checkpoint under `root` and make it the current one; older ones are deleted."""
        place = root / f"{self.events:012d}"
        aside = root / f".{place.name}.aside"
        for leftover in (aside, place):
            shutil.rmtree(leftover, ignore_errors=True)
        aside.mkdir(parents=True)
        self.buffer.save(aside / BUFFER)
        for number, held in self._partitions.items():
            atomic.write_bytes(aside / f"{number}.sources", held.sources.snapshot())
            atomic.write_bytes(aside / f"{number}.ids", held.ids.snapshot())
        state = {"events": self.events, "positions": self.positions}
        atomic.write_bytes(aside / "state.json", json.dumps(state).encode())
        aside.rename(place)
        atomic.flush_directory(root)
        atomic.write_bytes(root / CURRENT, place.name.encode())
        _forget(root, place.name)
        return place

    @classmethod
    def load(cls, settings: Settings, root: Path) -> Collector:
        """The collector of the current checkpoint under `root`, or an empty one."""
        collector = cls(settings)
        if not (root / CURRENT).exists():
            return collector
        place = root / (root / CURRENT).read_text().strip()
        state = json.loads((place / "state.json").read_bytes())
        bounds = settings.buffer_events, int(settings.buffer_age_s * 1000)
        collector.buffer = RollingBuffer.load(place / BUFFER, *bounds)
        collector.events = state["events"]
        for number, at in state["positions"].items():
            held = collector._partition(int(number))
            held.next_offset = at
            held.sources.restore((place / f"{number}.sources").read_bytes())
            held.ids.restore((place / f"{number}.ids").read_bytes())
        return collector


def source_of(record: LogRecord) -> tuple[str, int]:
    """Where the event came from: its `src` header, else its own place in the log."""
    for name, value in record.headers:
        if name == "src":
            return coordinates(value)
    return f"recaug.events:{record.partition}", record.offset


def _forget(root: Path, current: str) -> None:
    old = sorted(p.name for p in root.iterdir() if p.is_dir() and p.name != current)
    for name in old[: -(KEPT - 1) or None]:
        shutil.rmtree(root / name, ignore_errors=True)
