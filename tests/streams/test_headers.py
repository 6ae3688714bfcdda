"""A header whose name is no text: every record of the fetch is read, each once."""

from __future__ import annotations

import struct
from typing import Any

import pytest
from aiokafka import TopicPartition
from aiokafka.consumer.fetcher import READ_COMMITTED
from aiokafka.record.default_records import DefaultRecordBatchBuilder

from streams.headers import _Fast, _PartitionRecords

ODD = b"\xff\xfe\xff\xfe"


def batch(base: int, names: list[str], producer: int = -1, codec: int = 0) -> bytes:
    """As a broker stores it: one record for each header name, `odd!` for one that is no text."""
    builder = DefaultRecordBatchBuilder(2, codec, int(producer >= 0), producer, 0, 0, 1 << 20)
    for offset, name in enumerate(names):
        builder.append(offset, 1_000, b"k", b"v%d" % (base + offset), [(name, b"1")])
    data = builder.build().replace(b"odd!", ODD)
    struct.pack_into(">q", data, 0, base)
    return bytes(data)


def read(data: bytes, begin: int, aborted: list[tuple[int, int]] | None = None) -> list[Any]:
    at = TopicPartition("t", 0)
    records = _PartitionRecords(at, _Fast(data), aborted, begin, None, None, False, READ_COMMITTED)
    found = list(records)
    assert all(record.value == b"v%d" % record.offset for record in found)
    return [(record.offset, record.headers[0][0]) for record in found]


def test_text_is_read_as_ever() -> None:
    assert read(batch(5, ["a", "b"]), 6) == [(6, "b")]


@pytest.mark.parametrize("names", [["odd!", "b", "c"], ["a", "odd!", "c"], ["a", "b", "odd!"]])
def test_every_record_is_given_once(names: list[str]) -> None:
    data = batch(370, ["first"]) + batch(371, names) + batch(374, ["last", "odd!"])
    shown = [name.replace("odd!", "\ufffd" * 4) for name in names]
    expected = ["first", *shown, "last", "\ufffd" * 4]
    assert read(data, 370) == list(enumerate(expected, 370))


def test_a_fetch_may_begin_within_the_batch() -> None:
    assert read(batch(5, ["odd!", "b", "odd!"]), 6) == [(6, "b"), (7, "\ufffd" * 4)]


def test_aborted_records_stay_out() -> None:
    data = batch(0, ["a"]) + batch(1, ["gone"], producer=7) + batch(2, ["odd!", "c"])
    assert read(data, 0, [(7, 1)]) == [(0, "a"), (2, "\ufffd" * 4), (3, "c")]
