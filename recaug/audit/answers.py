"""The recommendations: which were due, which came, what stands for what, and how fast."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import orjson

from recaug.audit.findings import Check, Findings
from recaug.audit.promotions import Served
from recaug.audit.rows import (
    AGAIN,
    ANSWERED,
    DUE,
    LATE,
    NONE,
    OUTSIDE,
    SUPERSEDED,
    Int64,
    Mask,
    Rows,
    number_of,
)
from recaug.events import recommendation_id
from recaug.kafka import Record


@dataclass(slots=True)
class Tally:
    """expected = distinct + superseded + erased + missing + waiting; `delivered` counts copies.

    `unasked`: answers to events that need none by the settings of the audit.
    `expired`: events so old that their answers may have been deleted; not among the expected.
    """

    expected: int = 0
    delivered: int = 0
    distinct: int = 0
    superseded: int = 0
    erased: int = 0
    missing: int = 0
    waiting: int = 0
    expired: int = 0
    copies: int = 0
    unasked: int = 0
    fallback: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class Horizon:
    """Which events can be judged, by offset in each partition of the log.

    kept       answers to events from here on have not been deleted; default: all
    answered   events below this are done with; None: all of them
    """

    kept: Mapping[int, int]
    answered: Mapping[int, int] | None = None


class Answers:
    """Takes in the output topic; then `finish`."""

    def __init__(self, rows: Rows, log: str, served: Served, findings: Findings) -> None:
        """
        :param log: name of the topic that answers are to name as their source.
        """
        self._rows, self._log, self._served, self._findings = rows, log, served, findings
        self.tally = Tally()
        self.latency_ms = array("i")

    def add(self, record: Record) -> None:
        """Count one answer; those to events before or after the audited part are passed over."""
        try:
            message = orjson.loads(record.value or b"null")
            source = message["source_event"]
            partition, offset = int(source["partition"]), int(source["offset"])
            self._add(record, message, source, partition, offset)
        except (orjson.JSONDecodeError, TypeError, KeyError, ValueError):
            self._stray(record, "cannot be read")

    def _add(self, record: Record, message: Any, source: Any, partition: int, offset: int) -> None:
        rows, row = self._rows, self._rows.row(partition, offset)
        version = (message.get("model") or {}).get("version")
        self._served.add(record.partition, version, record.timestamp_ms, _where(record))
        if row == NONE:
            if partition not in rows.begin or offset < 0:
                self._stray(record, f"names {partition}:{offset}")
            return
        first, event = int(rows.first[row]), source["event_id"]
        right = (
            first != NONE
            and source["topic"] == self._log
            and rows.ids[row] == number_of(event)
            and message["recommendation_id"] == recommendation_id(event)
        )
        if not right:
            self._stray(record, f"names {partition}:{offset}, which is not that event")
        elif rows.users[row] != hash(record.key or b""):
            self._findings.add(Check.WRONG_USER, f"{_where(record)} to {partition}:{offset}")
        else:
            self._supersede(record, message, partition, offset, row)
            self._count(record, message, first)

    def _count(self, record: Record, message: Any, first: int) -> None:
        rows, tally = self._rows, self.tally
        flags = int(rows.flags[first])
        if flags & OUTSIDE:
            return
        if not flags & DUE:
            tally.unasked += 1
            return
        tally.delivered += 1
        if flags & ANSWERED:
            tally.copies += 1
            return
        rows.flags[first] |= ANSWERED
        if taken_ms := int(rows.taken_ms[first]):
            self.latency_ms.append(max(-MOST_MS, min(MOST_MS, record.timestamp_ms - taken_ms)))
        if (fallback := message.get("fallback")) is not None:
            tally.fallback[str(fallback)[:40]] += 1

    def _supersede(
        self, record: Record, message: Any, partition: int, offset: int, row: int
    ) -> None:
        """Note the older events of the same user that this answer stands for."""
        rows = self._rows
        for older in message.get("supersedes") or ():
            at = rows.row(partition, older)
            if at == NONE:
                continue
            if older >= offset or rows.first[at] == NONE or rows.users[at] != rows.users[row]:
                self._findings.add(Check.WRONG_USER, f"{_where(record)} supersedes {older}")
            else:
                rows.flags[rows.first[at]] |= SUPERSEDED

    def _stray(self, record: Record, why: str) -> None:
        self._findings.add(Check.STRAY_ANSWER, f"{_where(record)} {why}")

    # -- afterwards -----------------------------------------------------------------------------

    def finish(
        self,
        horizon: Horizon,
        erased: Callable[[Int64], Mask],
    ) -> Int64:
        """Sort out the events without an answer; return the rows that should have had one.

        What of them is missing is to be added to `missing` and `expected`.

        :param erased: which of some rows are of users that have been erased since.
        """
        self._join_resends()
        rows, tally = self._rows, self.tally
        mine = np.flatnonzero((rows.flags & (DUE | OUTSIDE | AGAIN | LATE)) == DUE)
        mine = mine[rows.first[mine] == mine]
        flags = rows.flags[mine]
        answered = (flags & ANSWERED) != 0
        tally.distinct = int(np.count_nonzero(answered))
        instead = ~answered & ((flags & SUPERSEDED) != 0)
        tally.superseded = int(np.count_nonzero(instead))
        left = self._drop(mine[~answered & ~instead], horizon)
        gone = erased(left)
        tally.erased = int(np.count_nonzero(gone))
        tally.expected = tally.distinct + tally.superseded + tally.erased + tally.waiting
        return left[~gone]

    def _join_resends(self) -> None:
        """An answer to a resend is one to the event; a second one is one too many."""
        flags = self._rows.flags
        for row, leader in self._rows.resent.tolist():
            if not flags[row] & ANSWERED:
                flags[leader] |= flags[row] & SUPERSEDED
                continue
            if flags[row] & AGAIN and flags[leader] & ANSWERED:
                places = (":".join(map(str, self._rows.place(one))) for one in (leader, row))
                self._findings.add(Check.DOUBLED_ANSWER, f"{self._log} {' and '.join(places)}")
            flags[leader] |= ANSWERED

    def _drop(self, left: Int64, horizon: Horizon) -> Int64:
        """Leave out what cannot be judged, and count it."""
        keep = np.ones(len(left), bool)
        for partition in self._rows.begin:
            span = self._rows.span(partition)
            inside = (left >= span.start) & (left < span.stop)
            offsets = left - span.start + self._rows.begin[partition]
            if horizon.answered is not None:
                waits = inside & (offsets >= horizon.answered.get(partition, 0))
                self.tally.waiting += int(np.count_nonzero(waits))
                keep &= ~waits
            old = inside & keep & (offsets < horizon.kept.get(partition, 0))
            self.tally.expired += int(np.count_nonzero(old))
            keep &= ~old
        return left[keep]


#: Latencies are kept in 32 bits.
MOST_MS = 2**31 - 1


def _where(record: Record) -> str:
    return f"{record.topic}:{record.partition}:{record.offset}"


def percentiles(values: Sequence[int]) -> dict[str, float | None]:
    """Return p50, p90 and p99 by nearest rank; None without values."""
    ordered = np.sort(np.asarray(values, np.int64))

    def rank(percent: int) -> float | None:
        above = -(-len(ordered) * percent // 100)  # rounded up
        return float(ordered[above - 1]) if len(ordered) else None

    return {"p50": rank(50), "p90": rank(90), "p99": rank(99)}
