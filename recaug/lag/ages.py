"""How old the first unread record of each partition is: reads one record at each place."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from typing import Any

from kafka import TopicPartition

from recaug.kafka import consumer
from recaug.lag.sample import Position
from recaug.security import Broker

#: How long to look for first unread records; past it a time lag is shown as unknown.
PEEK_S = 1.0

Positions = dict[tuple[str, str], dict[int, Position]]
Place = tuple[TopicPartition, int]


class Ages:
    """Keeps its connection open between samples."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker
        self._reader: Any = None

    def close(self) -> None:
        if self._reader is not None:
            self._reader.close()

    def dated(self, positions: Positions) -> Positions:
        """Add to every position that is behind the timestamp of its first unread record."""
        times = self._first_unread_ms(
            {
                (TopicPartition(topic, number), position.next_offset)
                for (_, topic), parts in positions.items()
                for number, position in parts.items()
                if position.lag > 0
            }
        )
        return {
            (group, topic): {n: _dated(topic, n, at, times) for n, at in parts.items()}
            for (group, topic), parts in positions.items()
        }

    def _first_unread_ms(self, asked: Iterable[Place]) -> dict[Place, int]:
        """Read one record at each place; two groups may stand at two places of one partition."""
        left = sorted(asked, key=lambda place: (place[0].topic, place[0].partition, place[1]))
        found: dict[Place, int] = {}
        while left:
            # A consumer can stand at one place of a partition only.
            round_ = dict(reversed(left))
            found.update(self._peek(round_))
            left = [place for place in left if round_[place[0]] != place[1]]
        return found

    def _peek(self, places: dict[TopicPartition, int]) -> dict[Place, int]:
        deadline = time.monotonic() + PEEK_S
        reader = self._open()
        reader.assign(list(places))
        for at, offset in places.items():
            reader.seek(at, offset)
        found: dict[Place, int] = {}
        while len(found) < len(places) and time.monotonic() < deadline:
            for at, records in reader.poll(timeout_ms=50).items():
                found.setdefault((at, places[at]), records[0].timestamp)
                reader.pause(at)
        reader.unsubscribe()
        return found

    def _open(self) -> Any:
        if self._reader is None:
            self._reader = consumer(
                self._broker,
                # What a poll leaves of a partition that is then paused holds up the next fetches.
                max_poll_records=100_000,
                max_partition_fetch_bytes=65_536,
                fetch_max_wait_ms=50,
            )
        return self._reader


def _dated(topic: str, number: int, at: Position, times: Mapping[Place, int]) -> Position:
    unread_ms = times.get((TopicPartition(topic, number), at.next_offset))
    return Position(at.committed, at.begin, at.end, unread_ms)
