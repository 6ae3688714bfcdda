"""Reads records whose header names are no text.

Kafka lets a name be any bytes, aiokafka fails on such a record, and would at every restart: one
record of one producer would end clean for good. The rest of a fetch that holds one is read again,
slowly, with what is no text replaced.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from aiokafka.consumer import fetcher
from aiokafka.record.default_records import _DefaultRecordBatchPy
from aiokafka.record.memory_records import MemoryRecords, _MemoryRecordsPy


class _Lenient(bytearray):
    def decode(self, encoding: str = "utf-8", errors: str = "replace") -> str:
        return super().decode(encoding, errors)


class _Buffer(bytearray):
    """Its slices decode whatever they hold."""

    def __getitem__(self, at: Any) -> Any:
        found = super().__getitem__(at)
        return _Lenient(found) if isinstance(at, slice) else found


class _Batch(_DefaultRecordBatchPy):  # type: ignore[misc]
    _buffer: Any

    def _maybe_uncompress(self) -> None:
        super()._maybe_uncompress()
        if not isinstance(self._buffer, _Buffer):
            self._buffer = _Buffer(self._buffer)


class _Slow(_MemoryRecordsPy):  # type: ignore[misc]
    """The same records from the batch on that holds offset `begin`, read in Python."""

    def __init__(self, data: bytes, begin: int) -> None:
        super().__init__(data)
        while self._next_slice is not None and _Batch(self._next_slice).next_offset <= begin:
            self._cache_next()

    def next_batch(self) -> Any:
        batch = self._next_slice  # of the format Kafka has written since 0.11: before, no headers
        self._cache_next()
        return _Batch(batch)


class _Fast:
    """aiokafka's reader, which forgets its bytes, and the bytes."""

    def __init__(self, data: bytes) -> None:
        self.data, inner = data, MemoryRecords(data)
        self.has_next, self.next_batch = inner.has_next, inner.next_batch
        self.size_in_bytes = inner.size_in_bytes


class _PartitionRecords(fetcher.PartitionRecords):  # type: ignore[misc]
    _aborted_transactions: Any
    _aborted_producers: Any
    _records: Any

    def _unpack_records(self) -> Iterator[Any]:
        aborted = list(self._aborted_transactions)
        try:
            yield from super()._unpack_records()
        except UnicodeDecodeError:
            # What the batch has given already, `next_fetch_offset` keeps from being given again.
            self._records = _Slow(self._records.data, self.next_fetch_offset)
            self._aborted_transactions, self._aborted_producers = aborted, set()
            yield from super()._unpack_records()


def install() -> None:
    """Have every consumer of this process read so."""
    fetcher.MemoryRecords, fetcher.PartitionRecords = _Fast, _PartitionRecords
