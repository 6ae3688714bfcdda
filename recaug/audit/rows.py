"""`recaug.events` as arrays: what each record stands for, in 29 bytes, and 4 for its source offset.

    row       one offset of the log, counted through its partitions
    first     the row that a source record was written to first; later ones are its copies
    leader    the first row of an event id; later ones are resends that clean had forgotten

Nothing here knows Kafka.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby

import numpy as np
import numpy.typing as npt

from recaug.audit.findings import Check, Findings
from recaug.errors import Failure
from recaug.windows import digest

Int32 = npt.NDArray[np.int32]
Int64 = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

#: What is known of a row.
DUE, OUTSIDE, AGAIN, LATE, ANSWERED, SUPERSEDED = 1, 2, 4, 8, 16, 32

MOST = 2**31 - 1
NONE = -1


def number_of(event_id: str) -> int:
    """Half of the digest that the duplicate windows keep, as a signed integer."""
    return int.from_bytes(digest(event_id)[:8], "little", signed=True)


class Source:
    """One input partition: which row each of its offsets was written to first."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.base = 0
        self._rows = array("i")
        self.high: dict[int, int] = {}  # highest offset, by partition of the log
        self.disordered: set[int] = set()

    def row(self, offset: int) -> int:
        """The row of an offset; NONE when it is in no row."""
        at = offset - self.base
        return self._rows[at] if 0 <= at < len(self._rows) else NONE

    def put(self, offset: int, row: int) -> None:
        if not self._rows:
            self.base = offset
        if offset < self.base:
            self._extend_down(offset)
        at = offset - self.base
        if at >= len(self._rows):
            self._rows.extend(array("i", [NONE]) * (at + 1 - len(self._rows)))
        self._rows[at] = row

    def _extend_down(self, offset: int) -> None:
        # Twice as far as needed, so that a log read backwards is not copied for every record.
        base = max(0, offset - len(self._rows))
        self._rows = array("i", [NONE]) * (self.base - base) + self._rows
        self.base = base

    @property
    def rows(self) -> Int32:
        """Rows by offset from `base` on, as a view: let go of it before the next `put`."""
        return np.frombuffer(self._rows, np.int32)

    def take(self, offsets: Int64) -> Int32:
        """Rows of many offsets."""
        rows = self.rows
        at = offsets - self.base
        inside = (at >= 0) & (at < len(rows))
        found = np.full(len(offsets), NONE, np.int32)
        found[inside] = rows[at[inside]]
        return found


class Rows:
    """The part of the log between two sets of offsets; `add` every record in order, then `seal`."""

    def __init__(
        self, begin: Mapping[int, int], end: Mapping[int, int], findings: Findings, window: int
    ) -> None:
        """
        :param begin: first offset by partition; a partition left out begins at 0.
        :param window: event ids that readers remember per partition.
        """
        self.begin = {p: begin.get(p, 0) for p in sorted(end)}
        self.end = {p: max(end[p], self.begin[p]) for p in self.begin}
        self._findings, self._window = findings, window
        sizes = [self.end[p] - self.begin[p] for p in self.begin]
        if sum(sizes) > MOST:
            raise Failure(
                "too many events for one audit",
                f"{sum(sizes):,} records",
                "recaug audit --since 1d",
            )
        self._bases = np.concatenate(([0], np.cumsum(sizes))).astype(np.int64)
        self.base: dict[int, int] = dict(zip(self.begin, self._bases.tolist(), strict=False))
        self._allocate(int(self._bases[-1]))
        self.sources: dict[str, Source] = {}
        self.copies = 0

    def _allocate(self, size: int) -> None:
        self.ids, self.users = np.zeros(size, np.int64), np.zeros(size, np.int64)
        self.taken_ms = np.zeros(size, np.int64)
        self.first = np.full(size, NONE, np.int32)
        self.flags = np.zeros(size, np.uint8)
        self._order = np.zeros(0, np.int32)
        self.resent = np.zeros((0, 2), np.int64)  # row, leader
        # Single items are written three times as fast through these.
        self._ids, self._users = self.ids.data, self.users.data
        self._first, self._flags = self.first.data, self.flags.data

    # -- places ---------------------------------------------------------------------------------

    def row(self, partition: int, offset: int) -> int:
        """The row of an offset of the log; NONE when it is outside."""
        if not self.begin.get(partition, 0) <= offset < self.end.get(partition, 0):
            return NONE
        return int(self.base[partition]) + offset - self.begin[partition]

    def place(self, row: int) -> tuple[int, int]:
        """Partition and offset of a row."""
        at = int(np.searchsorted(self._bases, row, "right")) - 1
        partition = list(self.begin)[at]
        return partition, self.begin[partition] + row - int(self._bases[at])

    def span(self, partition: int, until: int | None = None) -> slice:
        """The rows of a partition below an offset."""
        first = self.base[partition]
        end = self.end[partition] if until is None else min(until, self.end[partition])
        return slice(first, first + max(0, end - self.begin[partition]))

    def __len__(self) -> int:
        return len(self.ids)

    # -- filling --------------------------------------------------------------------------------

    def add(
        self, partition: int, offset: int, source: str, at: int, event: int, user: int, flags: int
    ) -> None:
        """Take in a record: written for `source` at offset `at`, by numbers of event and user."""
        row = self.base[partition] + offset - self.begin[partition]
        self._ids[row], self._users[row], self._flags[row] = event, user, flags
        origin = self.sources.get(source)
        if origin is None:
            origin = self.sources[source] = Source(source)
        first = origin.row(at)
        if first != NONE:
            self._copy(row, first, f"{source}:{at}")
            return
        origin.put(at, row)
        self._first[row] = row
        if at < origin.high.get(partition, NONE):
            origin.disordered.add(partition)
        else:
            origin.high[partition] = at

    def add_stray(self, partition: int, offset: int, event: int, user: int) -> None:
        """Take in a record that names no source: it is read by everybody all the same."""
        row = self.base[partition] + offset - self.begin[partition]
        self._ids[row], self._users[row] = event, user
        self._first[row], self._flags[row] = row, OUTSIDE

    def _copy(self, row: int, first: int, source: str) -> None:
        self._first[row] = first
        self.copies += 1
        if self.place(row)[0] != self.place(first)[0]:
            self._findings.add(Check.DOUBLED_EVENT, source)
        elif (self._ids[row], self._users[row]) != (self._ids[first], self._users[first]):
            self._findings.add(Check.COPIES_DIFFER, source)

    # -- afterwards -----------------------------------------------------------------------------

    def seal(self) -> None:
        """Find resends and what is out of order; call it once, when all records are in."""
        firsts = self.firsts()
        self._order = firsts[np.argsort(self.ids[firsts], kind="stable")].astype(np.int32)
        self._mark_resends(firsts)
        for source in self.sources.values():
            for partition in sorted(source.disordered):
                self._check_order(source, partition)

    def firsts(self, partition: int | None = None, until: int | None = None) -> Int64:
        """Rows that are no copies, in order."""
        span = slice(0, len(self)) if partition is None else self.span(partition, until)
        rows: Int64 = np.arange(span.start, span.stop, dtype=np.int64)
        return np.compress(self.first[span] == rows, rows)

    def find(self, event: int) -> Iterator[int]:
        """Rows of an event id that are no copies, in order."""
        order, ids = self._order, self.ids
        at = bisect_left(range(len(order)), event, key=lambda i: ids[order[i]])
        while at < len(order) and ids[order[at]] == event:
            yield int(order[at])
            at += 1

    def _mark_resends(self, firsts: Int64) -> None:
        pairs: list[tuple[int, int]] = []
        for same in self._same_ids():
            owners = defaultdict(list)
            for row in same:
                owners[self.place(row)[0], int(self.users[row])].append(row)
            for rows in owners.values():
                pairs += [(row, rows[0]) for row in rows[1:]]
            if len(owners) > 1:
                where = (":".join(map(str, self.place(rows[0]))) for rows in owners.values())
                self._findings.add(Check.REUSED_ID, "recaug.events " + " and ".join(where))
        self.resent = np.array(sorted(pairs), np.int64).reshape(-1, 2)
        for _, group in groupby(self.resent.tolist(), key=lambda pair: self.place(pair[0])[0]):
            self._judge_resends(firsts, group)

    def _same_ids(self) -> Iterator[list[int]]:
        """Yield the rows of every id that has several."""
        ids = self.ids[self._order]
        again = np.flatnonzero(ids[1:] == ids[:-1])
        for _, group in groupby(again.tolist(), key=lambda i: ids[i]):
            members = list(group)
            yield self._order[members[0] : members[-1] + 2].tolist()

    def _judge_resends(self, firsts: Int64, pairs: Iterable[list[int]]) -> None:
        """A resend has no effect while its id is remembered: for `window` further effects."""
        dropped: list[int] = []
        effects: dict[int, int] = {}

        def ordinal(row: int) -> int:
            return int(np.searchsorted(firsts, row)) - bisect_left(dropped, row)

        for row, leader in pairs:
            now, before = ordinal(row), effects.get(leader)
            before = ordinal(leader) if before is None else before
            if now > before + self._window:
                effects[leader] = now
                self.flags[row] |= LATE
            else:
                dropped.append(row)
                self.flags[row] |= AGAIN

    def _check_order(self, source: Source, partition: int) -> None:
        rows, span = source.rows.astype(np.int64), self.span(partition)
        rows = rows[(rows >= span.start) & (rows < span.stop)]  # in the order of the source
        rows = rows[np.argsort(self.users[rows], kind="stable")]
        users = self.users[rows]
        wrong = np.flatnonzero((users[1:] == users[:-1]) & (rows[1:] < rows[:-1]))
        for at in wrong.tolist():
            offsets = (self.place(int(rows[at + i]))[1] for i in (1, 0))
            told = " is before ".join(f"{partition}:{offset}" for offset in offsets)
            self._findings.add(Check.ORDER, f"recaug.events {told} (from {source.name})")
