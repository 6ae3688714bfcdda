"""Items and users: every document producers wrote is in the compacted topic, or a newer one is."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from recaug.audit.findings import Check, Findings
from recaug.audit.inputs import Limits
from recaug.audit.refused import Refused
from recaug.audit.rows import Int64, Mask
from recaug.events import Rejection
from recaug.kafka import Record


@dataclass(slots=True)
class Documents:
    """Input documents. published = accepted + rejected + replaced + missing + waiting + expired.

    `replaced`: compaction has removed what they became, because there is a newer document.
    """

    published: int = 0
    accepted: int = 0
    rejected: Counter[str] = field(default_factory=Counter)
    replaced: int = 0
    missing: int = 0
    waiting: int = 0
    expired: int = 0


class Shelf:
    """What clean wrote of one kind, in 24 bytes a record: `add` all in order, then `seal`."""

    def __init__(self, name: str, findings: Findings) -> None:
        self._name, self._findings = name, findings
        self._columns = array("q"), array("q"), array("q")  # key, source, offset
        self._sources: dict[str, int] = {}
        self._known: dict[str, Int64] = {}
        self._keys = np.zeros(0, np.int64)
        self._of = self._at = self._keys

    def add(self, key: int, source: str, offset: int) -> None:
        number = self._sources.setdefault(source, len(self._sources))
        for column, value in zip(self._columns, (key, number, offset), strict=True):
            column.append(value)

    def seal(self) -> None:
        """Find documents that an older one has replaced."""
        keys, numbers, offsets = (np.frombuffer(column, np.int64) for column in self._columns)
        for source, number in self._sources.items():
            self._known[source] = np.unique(offsets[numbers == number])
        order = np.lexsort((np.arange(len(keys)), numbers, keys))
        keys, numbers, offsets = keys[order], numbers[order], offsets[order]
        last = _ends(keys, numbers)
        starts = np.concatenate(([0], last[:-1] + 1)).astype(np.int64) if len(last) else last
        newest = np.maximum.reduceat(offsets, starts) if len(last) else offsets
        for at in np.flatnonzero(offsets[last] < newest).tolist():
            source = list(self._sources)[int(numbers[last[at]])]
            shown = f"{source}:{offsets[last[at]]} is after {source}:{newest[at]}"
            self._findings.add(Check.DOCUMENT_ORDER, f"{self._name}: {shown}")
        self._keys, self._of, self._at = keys[last], numbers[last], newest

    def has(self, source: str, offsets: Int64) -> Mask:
        known = self._known.get(source)
        if known is None:
            return np.zeros(len(offsets), bool)
        return np.isin(offsets, known)

    def newest(self, key: int, source: str) -> int:
        """Highest offset of that source known for a key; -1 for none."""
        number = self._sources.get(source)
        first, end = np.searchsorted(self._keys, [key, key + 1])
        for at in range(first, end):
            if self._of[at] == number:
                return int(self._at[at])
        return -1


def _ends(keys: Int64, numbers: Int64) -> Int64:
    """Index of the last of every run of equal pairs."""
    if not len(keys):
        return np.zeros(0, np.int64)
    changes = (keys[1:] != keys[:-1]) | (numbers[1:] != numbers[:-1])
    return np.append(np.flatnonzero(changes), len(keys) - 1).astype(np.int64)


class DocumentInputs:
    """Judges input documents of one kind."""

    def __init__(
        self,
        shelf: Shelf,
        refused: Refused,
        key_of: Callable[[bytes | None], str],
        limits: Limits,
        findings: Findings,
        tally: Documents,
    ) -> None:
        """
        :param key_of: how clean reads a key; raises Rejection.
        """
        self._shelf, self._refused, self._key_of = shelf, refused, key_of
        self._limits, self._findings, self.tally = limits, findings, tally

    def judge(self, source: str, records: Sequence[Record]) -> None:
        """Judge records of one partition."""
        offsets = np.array([record.offset for record in records], np.int64)
        accepted = self._shelf.has(source, offsets)
        codes = self._refused.codes(source, offsets)
        self.tally.published += len(records)
        self.tally.accepted += int(np.count_nonzero(accepted))
        for code, count in Counter(codes[(codes >= 0) & ~accepted].tolist()).items():
            self.tally.rejected[self._refused.names[code]] += count
        for at in np.flatnonzero(~accepted & (codes < 0)).tolist():
            self._judge_open(source, records[at])

    def _judge_open(self, source: str, record: Record) -> None:
        if self._replaced(source, record):
            self.tally.replaced += 1
        elif self._limits.waits(record):
            self.tally.waiting += 1
        elif record.timestamp_ms < self._limits.kept_ms:
            self.tally.expired += 1
        else:
            self.tally.missing += 1
            self._findings.add(Check.MISSING_DOCUMENT, f"{source}:{record.offset}")

    def _replaced(self, source: str, record: Record) -> bool:
        try:
            key = hash(self._key_of(record.key).encode())
        except Rejection:
            return False
        newest = self._shelf.newest(key, source)
        # What a delete became is itself deleted after a day.
        return newest > record.offset or (record.value is None and newest < 0)
