"""What became of every event that producers wrote: accepted, refused, sent before, or nothing."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field

import numpy as np

from recaug.audit.findings import Check, Findings
from recaug.audit.refused import Codes, Refused
from recaug.audit.rows import AGAIN, LATE, Int32, Int64, Mask, Rows, Source, number_of
from recaug.events import Reason, Rejection, parse_event, user_key
from recaug.kafka import Record
from recaug.settings import Settings

#: Given from memory, or for what happened meanwhile: a replay after a crash may judge otherwise.
BY_MEMORY = frozenset(
    {
        Reason.USER_FLOOD,
        Reason.USER_ITEM_FLOOD,
        Reason.ITEM_FLOOD,
        Reason.BOT,
        Reason.EVENT_ID_REUSED,
        Reason.TIME_IN_FUTURE,
        Reason.ERASED,
    }
)


@dataclass(slots=True)
class Fates:
    """published = accepted + rejected + duplicates + missing + waiting + expired."""

    published: int = 0
    accepted: int = 0
    duplicates: int = 0
    waiting: int = 0
    expired: int = 0
    both: int = 0
    rejected: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class Limits:
    """Which inputs can be judged.

    settled     by topic and partition, offsets below this are done with; None: all of them
    kept_ms     what was accepted before this may have been deleted since
    """

    settled: Mapping[tuple[str, int], int] | None = None
    kept_ms: int = 0

    def waits(self, record: Record) -> bool:
        """Whether a record without an effect may still have it."""
        if self.settled is None:
            return False
        return record.offset >= self.settled.get((record.topic, record.partition), 0)


class Inputs:
    """Judges the input records, partition by partition, against the log and the dead letters."""

    def __init__(
        self, rows: Rows, refused: Refused, settings: Settings, limits: Limits, findings: Findings
    ) -> None:
        self._rows, self._refused, self._settings = rows, refused, settings
        self._limits, self._findings = limits, findings
        self.fates = Fates()
        self._sources: list[str] = []
        # Open records. Event 0: it cannot be read, so there should be a dead letter.
        self._open = _Open()
        self._left = _Open()

    def judge(self, source: str, records: Sequence[Record]) -> None:
        """Judge records of one partition."""
        offsets = np.array([record.offset for record in records], np.int64)
        rows = self._rows.sources.get(source, Source(source)).take(offsets)
        codes = self._refused.codes(source, offsets)
        accepted = rows >= 0
        self.fates.published += len(records)
        self._accept(rows[accepted], _times(records)[accepted])
        self._reject(source, offsets, codes, accepted)
        for at in np.flatnonzero(~accepted & (codes < 0)).tolist():
            self._judge_open(source, records[at])

    def _accept(self, rows: Int32, times_ms: Int64) -> None:
        self._rows.taken_ms[rows] = times_ms
        again = np.count_nonzero(self._rows.flags[rows] & (AGAIN | LATE))
        self.fates.duplicates += int(again)
        self.fates.accepted += len(rows) - int(again)

    def _reject(self, source: str, offsets: Int64, codes: Codes, accepted: Mask) -> None:
        refused = codes >= 0
        for code, count in Counter(codes[refused & ~accepted].tolist()).items():
            self.fates.rejected[self._refused.names[code]] += count
        for at in np.flatnonzero(refused & accepted).tolist():
            self.fates.both += 1
            reason = self._refused.names[codes[at]]
            if reason not in BY_MEMORY:
                self._findings.add(Check.TWO_FATES, f"{source}:{offsets[at]} ({reason})")

    def _judge_open(self, source: str, record: Record) -> None:
        if self._limits.waits(record):
            self.fates.waiting += 1
            return
        if source not in self._sources:
            self._sources.append(source)
        number = self._sources.index(source)
        self._open.add(*self._event(record), record.timestamp_ms, record.offset, number)

    def _event(self, record: Record) -> tuple[int, int]:
        """Numbers of the event and of its user, as clean would read them; zeros: refused."""
        try:
            event = parse_event(
                record.value,
                record.headers,
                record.timestamp_ms,
                max_bytes=self._settings.max_bytes,
                max_future_ms=round(self._settings.max_future_s * 1_000),
            )
        except Rejection:
            return 0, 0
        return number_of(event.event_id), hash(user_key(event).encode())

    # -- afterwards -----------------------------------------------------------------------------

    def settle(self) -> Int64:
        """Tell resends from what is lost, when all inputs are in.

        Returns the numbers of event ids that are nowhere in the log, for a look further back.
        """
        for event, user, at_ms, offset, source in self._open:
            if event and self._is_resend(event, user, at_ms):
                self.fates.duplicates += 1
            elif at_ms < self._limits.kept_ms:
                self.fates.expired += 1
            else:
                self._left.add(event, user, at_ms, offset, source)
        self._open = _Open()
        return self._left.events

    def _is_resend(self, event: int, user: int, at_ms: int) -> bool:
        """Whether the user's event was accepted earlier; rows without a time are older than all."""
        rows = self._rows
        return any(
            rows.users[row] == user and rows.taken_ms[row] <= at_ms for row in rows.find(event)
        )

    def finish(self, known: Set[int]) -> int:
        """Report what is missing, and return how much; `known`: ids accepted before the log."""
        missing = 0
        for event, _, _, offset, source in self._left:
            if event and event in known:
                self.fates.duplicates += 1
                continue
            missing += 1
            self._findings.add(Check.MISSING_INPUT, f"{self._sources[source]}:{offset}")
        return missing


class _Open:
    """Records without a fate, 40 bytes each: event, user, time, offset, source."""

    def __init__(self) -> None:
        self._columns = [array("q") for _ in range(5)]

    def add(self, *values: int) -> None:
        for column, value in zip(self._columns, values, strict=True):
            column.append(value)

    def __iter__(self) -> Iterator[tuple[int, ...]]:
        return zip(*self._columns, strict=True)

    @property
    def events(self) -> Int64:
        return np.frombuffer(self._columns[0], np.int64).copy()


def _times(records: Sequence[Record]) -> Int64:
    return np.array([record.timestamp_ms for record in records], np.int64)
