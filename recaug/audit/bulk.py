"""Read a range of topics as fast as the installed client can.

confluent-kafka reads several hundred thousand records a second, kafka-python some twenty thousand:
the wheel needs only the latter, a checkout has both.
"""

from __future__ import annotations

import importlib.util
import time
import uuid
from collections.abc import Iterator, Mapping
from typing import Any

from recaug.errors import Unreachable
from recaug.kafka import Offsets, Record, read

IDLE_S = 30.0
BATCH = 5_000
WAIT_S = 0.1


def read_range(
    bootstrap: str, begin: Offsets, end: Mapping[tuple[str, int], int]
) -> Iterator[Record]:
    """Yield the records of every partition in `end`, from `begin` (else offset 0) to `end`.

    Each partition is in order.

    :raises Unreachable: nothing came for 30 s.
    """
    wanted = {at: until for at, until in end.items() if until > begin.get(at, 0)}
    if not wanted:
        return iter(())
    if not has_fast_client():
        topics = sorted({topic for topic, _ in wanted})
        first = {at: begin.get(at, 0) for at in wanted}
        return read(bootstrap, topics, first, wanted, IDLE_S)
    return _read_fast(bootstrap, begin, wanted)


def has_fast_client() -> bool:
    """Whether confluent-kafka is installed."""
    return importlib.util.find_spec("confluent_kafka") is not None


def _read_fast(bootstrap: str, begin: Offsets, wanted: Offsets) -> Iterator[Record]:
    from confluent_kafka import Consumer, TopicPartition

    client = Consumer(
        {
            "bootstrap.servers": bootstrap,
            # The client insists on a group, which it never joins: partitions are assigned by hand.
            "group.id": f"recaug-audit-{uuid.uuid4().hex}",
            "enable.auto.commit": False,
            "auto.offset.reset": "earliest",
            "enable.partition.eof": True,
        }
    )
    try:
        client.assign([TopicPartition(*at, begin.get(at, 0)) for at in wanted])
        yield from _drain_fast(client, dict(wanted), bootstrap)
    finally:
        client.close()


def _drain_fast(client: Any, left: Offsets, bootstrap: str) -> Iterator[Record]:
    from confluent_kafka import TopicPartition

    heard = time.monotonic()
    while left:
        messages = client.consume(BATCH, timeout=WAIT_S)
        if messages:
            heard = time.monotonic()
        elif time.monotonic() - heard > IDLE_S:
            raise _silent(bootstrap)
        for message in messages:
            at = (message.topic(), message.partition())
            at_end = _at_end(message, bootstrap)
            if not at_end and message.offset() < left.get(at, 0):
                yield _record(message)
            # Compaction may have removed the last records of a range: the end of the partition
            # ends it as well.
            if at in left and (at_end or message.offset() + 1 >= left[at]):
                del left[at]
                client.pause([TopicPartition(*at)])


def _at_end(message: Any, bootstrap: str) -> bool:
    error = message.error()
    if error is None:
        return False
    from confluent_kafka import KafkaError

    if error.code() != KafkaError._PARTITION_EOF:
        raise Unreachable(f"Kafka at {bootstrap} cannot be read", str(error), "run it again")
    return True


def _record(message: Any) -> Record:
    return Record(
        message.topic(),
        message.partition(),
        message.offset(),
        message.timestamp()[1],
        message.key(),
        message.value(),
        tuple(message.headers() or ()),
    )


def _silent(bootstrap: str) -> Unreachable:
    return Unreachable(
        f"Kafka at {bootstrap} does not answer",
        f"nothing came for {IDLE_S:.0f} s while the report was made",
        "look at DATA_DIR/kafka/kafka.log, then run again",
    )
