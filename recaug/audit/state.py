"""recommend's store against the log: positions, windows, and the histories of some users.

The log's events of those users are folded again; what the store holds must be the same, so an event
that was folded twice, or not at all, shows.
"""

from __future__ import annotations

import asyncio
import importlib.util
from collections.abc import Iterator
from typing import Any

import orjson

from recaug.audit.findings import Check, Findings
from recaug.audit.rows import AGAIN, Rows
from recaug.audit.windows import differences
from recaug.history import History
from recaug.settings import Settings
from recaug.state import REFUSED, PartitionState, Store, StoreUnavailable, open_store

#: Users whose histories are compared: those met first in the log, in every partition as many.
USERS = 512
#: A user with more events than this is left out.
EVENTS = 200


class Sample:
    """Events of some users, by partition and key: (row, value) in the order of the log."""

    def __init__(self, partitions: int) -> None:
        self._room = max(1, USERS // max(1, partitions))
        self.events: dict[int, dict[bytes, list[tuple[int, bytes]]]] = {}

    def add(self, partition: int, key: bytes, row: int, value: bytes) -> None:
        """Offer an event; it is kept when its user is of the sample."""
        users = self.events.setdefault(partition, {})
        kept = users.get(key)
        if kept is None:
            if len(users) == self._room:
                return
            kept = users[key] = []
        if len(kept) <= EVENTS:
            kept.append((row, value))


def positions(settings: Settings, partitions: int) -> dict[int, PartitionState] | str:
    """Read position and windows of every partition; in words, why they cannot be had."""
    if not settings.redis:
        return "not checked: state is in recommend's memory"
    if importlib.util.find_spec("redis") is None:
        return "not checked: redis is not installed here"
    try:
        return asyncio.run(_positions(settings, partitions))
    except StoreUnavailable as away:
        return f"not checked: {away.what} does not answer"


async def _positions(settings: Settings, partitions: int) -> dict[int, PartitionState]:
    store = open_store(settings)
    try:
        return {number: await store.load(number) for number in range(partitions)}
    finally:
        await store.close()


def compare_windows(states: dict[int, PartitionState], rows: Rows, findings: Findings) -> None:
    """Hold positions and windows, read before the end of the log was, against the log."""
    for number, state in states.items():
        if state.next_offset is not None and number in rows.begin:
            for said in differences(rows, number, state.next_offset, state.sources, state.ids):
                findings.add(Check.STORE, said)


def compare_histories(
    settings: Settings, rows: Rows, sample: Sample, excused: set[int], findings: Findings
) -> str:
    """Hold the stored histories of the sample against the log folded again.

    Returns in words how it went.

    :param excused: numbers of users whose state a document has cleared; they are not compared.
    """
    try:
        return asyncio.run(_Histories(settings, rows, excused, findings).compare(sample))
    except StoreUnavailable as away:
        return f"not checked: {away.what} does not answer"


class _Histories:
    def __init__(
        self, settings: Settings, rows: Rows, excused: set[int], findings: Findings
    ) -> None:
        self._settings, self._rows = settings, rows
        self._excused, self._findings = excused, findings

    async def compare(self, sample: Sample) -> str:
        store = open_store(self._settings)
        try:
            counts = [await self._partition(store, *one, sample) for one in self._places(sample)]
        finally:
            await store.close()
        return f"positions, windows and {sum(counts):,} histories compared with the log"

    def _places(self, sample: Sample) -> Iterator[tuple[int, list[bytes]]]:
        for number, users in sample.events.items():
            yield number, [key for key, kept in users.items() if len(kept) <= EVENTS]

    async def _partition(self, store: Store, number: int, keys: list[bytes], sample: Sample) -> int:
        before = (await store.load(number)).next_offset
        kept = await store.users(number, [key.decode() for key in keys])
        if before is None or before != (await store.load(number)).next_offset:
            return 0  # it is being changed: nothing can be said of one moment
        if before > self._rows.end[number]:
            return 0
        until = self._rows.span(number, before).stop
        pairs = [(k, v) for k, v in zip(keys, kept, strict=True) if v not in (None, REFUSED)]
        for key, value in pairs:
            assert value is not None
            self._user(number, key, value, sample.events[number][key], until)
        return len(pairs)

    def _user(
        self, number: int, key: bytes, value: bytes, events: list[tuple[int, bytes]], until: int
    ) -> None:
        stored = History.decode(value, self._settings.history)
        shown = f"user {key.decode()!r} of partition {number}"
        for row in doubled(stored):
            self._findings.add(Check.STORE_DOUBLED, f"{shown}: {row}")
        if self._rows.begin[number] > 0 or hash(key) in self._excused:
            return
        if stored != self._folded(events, until):
            self._findings.add(Check.STORE, f"{shown} has another history than the log")

    def _folded(self, events: list[tuple[int, bytes]], until: int) -> History:
        rows, history = self._rows, History(self._settings.history)
        for row, value in events:
            if row < until and rows.first[row] == row and not rows.flags[row] & AGAIN:
                history.fold(orjson.loads(value))
        return history


def doubled(history: History) -> Iterator[str]:
    """Yield the rows that are there more than once."""
    seen: set[Any] = set()
    for row in zip(history.items, history.kinds, history.times_ms, strict=True):
        if row in seen:
            yield f"{row[0]!r} at {row[2]} ms"
        seen.add(row)
