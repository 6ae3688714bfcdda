"""When each group last committed, read where the broker keeps commits: `__consumer_offsets`.

No request of Kafka's tells it. The topic is compacted, so the newest commit of a partition may be
old and still there; further back than `BACK_S` is not looked. Where this principal may not read the
topic, nothing is known.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from typing import Any

from kafka import TopicPartition
from kafka.errors import KafkaError

from recaug.follow import stand, unread
from recaug.kafka import consumer
from recaug.security import Broker

OFFSETS = "__consumer_offsets"

#: How far back commits are looked for, seconds.
BACK_S = 900.0

#: How long one look may take, seconds; what is not read by then is read by the next.
LOOK_S = 1.0

Commit = tuple[str, str, int]


class Commits:
    """Keeps its connection open and reads on from where it was."""

    def __init__(self, broker: Broker, groups: Iterable[str]) -> None:
        self._broker, self._groups = broker, frozenset(groups)
        self._reader: Any = None
        self._found: dict[Commit, int] = {}

    def close(self) -> None:
        if self._reader is not None:
            self._reader.close()

    def newest(self, now_ms: int) -> dict[Commit, int]:
        """When the newest commit of (group, topic, partition) was written, epoch milliseconds."""
        try:
            if self._reader is None:
                self._reader = consumer(self._broker, max_poll_records=5_000)
                self._stand(now_ms - int(BACK_S * 1000))
            for record in unread(self._reader, LOOK_S):
                self._note(record)
        except KafkaError:
            return {}  # not ours to read
        return dict(self._found)

    def _stand(self, since_ms: int) -> None:
        numbers = self._reader.partitions_for_topic(OFFSETS) or ()
        wanted = {place(group, len(numbers)) for group in self._groups} if numbers else set()
        places = [TopicPartition(OFFSETS, number) for number in sorted(wanted)]
        self._reader.assign(places)
        stand(self._reader, places, since_ms)

    def _note(self, record: Any) -> None:
        commit = parse(record.key or b"")
        if commit is not None and commit[0] in self._groups and record.value is not None:
            self._found[commit] = record.timestamp


def place(group: str, partitions: int) -> int:
    """Return the partition a group's commits are in: Java's `abs(hashCode) % partitions`."""
    number = 0
    units = group.encode("utf-16-be")
    for unit in struct.unpack(f">{len(units) // 2}H", units):
        number = (31 * number + unit) & 0xFFFFFFFF
    signed = number - 2**32 if number >= 2**31 else number
    return (0 if signed == -(2**31) else abs(signed)) % partitions


def parse(key: bytes) -> Commit | None:
    """Return group, topic and partition of a commit's key; None of any other record's."""
    try:
        (version,) = struct.unpack_from(">h", key)
        if version not in (0, 1):  # 2 is about the group itself
            return None
        group, at = _text(key, 2)
        topic, at = _text(key, at)
        (partition,) = struct.unpack_from(">i", key, at)
    except (struct.error, UnicodeDecodeError):
        return None
    return group, topic, partition


def _text(data: bytes, at: int) -> tuple[str, int]:
    (length,) = struct.unpack_from(">h", data, at)
    return data[at + 2 : at + 2 + length].decode(), at + 2 + length
