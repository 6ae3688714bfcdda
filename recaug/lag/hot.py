"""Which key makes a partition hot: a sample of its unread records says it."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from types import TracebackType
from typing import Any, Self

from kafka import TopicPartition
from kafka.errors import TopicAuthorizationFailedError

from recaug.kafka import consumer
from recaug.lag.rows import Row
from recaug.lag.sample import Position
from recaug.security import Broker

#: Records looked at, in so many places of what is unread.
SAMPLE, PLACES = 1_500, 3

#: How long to look at each place, seconds.
LOOK_S = 1.0

#: Longest part of a key that is shown.
SHOWN = 64


class HotKeys:
    """Opens its connection when something is hot, and keeps it between looks."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker
        self._reader: Any = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        if self._reader is not None:
            self._reader.close()

    def named(self, rows: Sequence[Row]) -> list[Row]:
        """Return the rows; where a partition is hot, with the key most of its records have.

        Where this principal may not read a topic, its keys stay unknown.
        """
        return [self._named(row) for row in rows]

    def _named(self, row: Row) -> Row:
        if row.hot is None:
            return row
        position = next(p.position for p in row.parts if p.partition == row.hot.partition)
        try:
            keys = Counter(self._keys(TopicPartition(row.topic, row.hot.partition), position))
        except TopicAuthorizationFailedError:
            return row
        if not keys:
            return row
        (key, count), *_ = keys.most_common(1)
        share = count / keys.total()
        return replace(row, hot=replace(row.hot, key=key, key_share=share, sampled=keys.total()))

    def _keys(self, at: TopicPartition, position: Position) -> Iterator[str]:
        """Keys at the beginning, the middle and near the end of what is unread."""
        if self._reader is None:
            self._reader = consumer(self._broker, fetch_max_wait_ms=50)
        each = min(SAMPLE // PLACES, max(1, position.lag // PLACES))
        self._reader.assign([at])
        for number in range(PLACES):
            step = (position.lag - each) * number // (PLACES - 1)
            self._reader.seek(at, position.next_offset + step)
            yield from _some(self._reader, each)
        self._reader.unsubscribe()


def _some(reader: Any, number: int) -> Iterator[str]:
    left, until_s = number, time.monotonic() + LOOK_S
    while left and time.monotonic() < until_s:
        for records in reader.poll(timeout_ms=100, max_records=left).values():
            left -= len(records)
            for record in records:
                yield (record.key or b"").decode(errors="replace")[:SHOWN]
