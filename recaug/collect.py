"""Folding the clean log into the rolling training buffer: once each, from positions of its own.

The log is the buffer; this is its newest part in memory. A checkpoint holds the buffer, the memory
of what was folded, and the offset each partition goes on at, written together: after a crash the
log is read again from there and the result is the same. Committed group offsets are for the eye.

Whoever was erased, or wants no personal list, is in none of it: their rows go, and the checkpoint
keeps digests by which later readings of the log pass their events over.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import orjson

from recaug import checkpoint
from recaug.buffer import RollingBuffer
from recaug.consent import Refusals, allows
from recaug.erase import Erasures
from recaug.events import KINDS, items_of, user_key
from recaug.settings import Settings
from recaug.windows import IdWindow, SourceWindow, coordinates

STATE, BUFFER = "state.json", "buffer.npz"
ERASED, REFUSED = "erased", "refused"


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
        self._profiles: dict[int, int] = {}
        self._erasures, self._refusals = Erasures(), Refusals()

    @property
    def positions(self) -> dict[int, int]:
        """The offset each partition of `recaug.events` goes on at."""
        return {number: held.next_offset for number, held in self._partitions.items()}

    @property
    def profile_positions(self) -> dict[int, int]:
        """The same of `recaug.users`: every null before it has been honoured."""
        return dict(self._profiles)

    def profiles(self, records: Iterable[LogRecord]) -> set[str]:
        """Take in user documents, before the events of the same batch.

        Returns whose events are in the buffer no more: files that may hold them have to go.
        """
        gone = {user for record in records if (user := self._gone(record)) is not None}
        self.buffer.forget(gone)
        return gone

    def _gone(self, record: LogRecord) -> str | None:
        if record.offset < self._profiles.get(record.partition, 0):
            return None
        self._profiles[record.partition] = record.offset + 1
        user = (record.key or b"").decode()
        document = orjson.loads(record.value) if record.value else None
        if document is not None and not allows(document):
            return user if self._refusals.add(user) else None
        refused = self._refusals.discard(user)
        if document is None or refused:  # what was done under a refusal is not used later either
            self._erasures.erase(user, record.timestamp)
        return user if document is None else None

    def _unwanted(self, user: str, record: LogRecord) -> bool:
        return user in self._refusals or self._erasures.covers(user, record.timestamp)

    def fold(self, records: Iterable[LogRecord]) -> int:
        """Fold what is new; returns how many events that was."""
        users, items, kinds, times = [], [], [], []
        before = self.events
        for record in records:
            event = orjson.loads(record.value)
            if not self._partition(record.partition).is_new(record, event):
                continue
            self.events += 1
            user = user_key(event)
            if self._unwanted(user, record):
                continue
            for item in items_of(event):
                users.append(user)
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
        """Write a checkpoint under `root` and make it the current one; older ones are deleted.

        Raises OSError, and then the one before is still the current one.
        """
        return checkpoint.save(root, self._write)

    def _write(self, place: Path) -> None:
        self.buffer.save(place / BUFFER)
        for number, held in self._partitions.items():
            (place / f"{number}.sources").write_bytes(held.sources.snapshot())
            (place / f"{number}.ids").write_bytes(held.ids.snapshot())
        (place / ERASED).write_bytes(self._erasures.snapshot())
        (place / REFUSED).write_bytes(self._refusals.snapshot())
        state = {"events": self.events, "positions": self.positions, "profiles": self._profiles}
        (place / STATE).write_bytes(json.dumps(state).encode())

    @classmethod
    def load(cls, settings: Settings, root: Path) -> Collector:
        """The collector of the newest checkpoint under `root` that is whole, or an empty one."""

        def read(place: Path) -> Collector:
            collector = cls(settings)
            collector._read(place)
            return collector

        return checkpoint.load(root, read) or cls(settings)

    def _read(self, place: Path) -> None:
        state = json.loads((place / STATE).read_bytes())
        bounds = self._settings.buffer_events, int(self._settings.buffer_age_s * 1000)
        self.buffer = RollingBuffer.load(place / BUFFER, *bounds)
        self.events = state["events"]
        for number, at in state["positions"].items():
            held = self._partition(int(number))
            held.next_offset = at
            held.sources.restore((place / f"{number}.sources").read_bytes())
            held.ids.restore((place / f"{number}.ids").read_bytes())
        self._profiles = {int(number): at for number, at in state["profiles"].items()}
        self._erasures.restore((place / ERASED).read_bytes())
        self._refusals.restore((place / REFUSED).read_bytes())


def source_of(record: LogRecord) -> tuple[str, int]:
    """Where the event came from: its `src` header, else its own place in the log."""
    for name, value in record.headers:
        if name == "src":
            return coordinates(value)
    return f"recaug.events:{record.partition}", record.offset


def drop_older(root: Path) -> None:
    """Delete every checkpoint but the current one."""
    checkpoint.forget(root, kept=1)
