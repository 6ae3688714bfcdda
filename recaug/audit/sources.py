"""The input records of a run: when the broker took each one, and what became of it."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Mapping

from recaug.kafka import Offsets, Record

#: What became of an input record.
OPEN, ACCEPTED, REJECTED = 0, 1, 2


class _Partition:
    """One partition's slice of the run; index 0 is its first record."""

    def __init__(self, first: int, end: int) -> None:
        self.first = first
        self.stamps_ms = array("q", bytes(8 * (end - first)))
        self.fate = bytearray(end - first)

    def index(self, offset: int) -> int | None:
        """Position of an offset; None outside the run or where no record is."""
        at = offset - self.first
        known = 0 <= at < len(self.fate) and self.stamps_ms[at]
        return at if known else None


class Sources:
    """Every record that entered the input topics between two sets of offsets.

    9 bytes a record.
    """

    def __init__(self, begin: Mapping[tuple[str, int], int], end: Offsets) -> None:
        self._partitions = {
            at: _Partition(begin.get(at, 0), max(until, begin.get(at, 0)))
            for at, until in end.items()
        }
        self.published = 0

    def add(self, record: Record) -> None:
        """Note one input record."""
        partition = self._partitions[record.topic, record.partition]
        partition.stamps_ms[record.offset - partition.first] = record.timestamp_ms
        self.published += 1

    def settle(self, topic: str, partition: int, offset: int, fate: int) -> int | None:
        """Note what became of a record; return when the broker took it, in ms.

        None: it is not of this run, or its fate was known already (the stage wrote it twice).
        """
        found = self._partitions.get((topic, partition))
        at = found.index(offset) if found is not None else None
        if found is None or at is None or found.fate[at] != OPEN:
            return None
        found.fate[at] = fate
        return found.stamps_ms[at]

    def open(self) -> Iterator[tuple[tuple[str, int], list[int]]]:
        """Yield the offsets of records nothing is known of, by partition."""
        for at, partition in self._partitions.items():
            offsets = [
                partition.first + i
                for i, fate in enumerate(partition.fate)
                if fate == OPEN and partition.stamps_ms[i]
            ]
            if offsets:
                yield at, offsets


def coordinates(source: bytes | None) -> tuple[str, int, int] | None:
    """Read `topic:partition:offset`; None for anything else."""
    parts = (source or b"").decode("utf-8", "replace").rsplit(":", 2)
    if len(parts) != 3 or not (parts[1].isdecimal() and parts[2].isdecimal()):
        return None
    return parts[0], int(parts[1]), int(parts[2])
