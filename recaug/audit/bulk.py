"""Read a range of topics as fast as the installed client can.

confluent-kafka reads several hundred thousand records a second, kafka-python some twenty thousand:
the wheel needs only the latter, a checkout has both.
"""

from __future__ import annotations

import importlib.util
import time
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

from recaug.confluent import headers_of
from recaug.connect import broker_of
from recaug.errors import Unreachable
from recaug.kafka import Offsets, Record, read
from recaug.security import Broker, librdkafka_options

IDLE_S = 30.0
BATCH = 5_000
WAIT_S = 0.1


def read_range(
    broker: Broker | str, begin: Offsets, end: Mapping[tuple[str, int], int]
) -> Iterator[Record]:
    """Yield the records of every partition in `end`, from `begin` (else offset 0) to `end`.

    Each partition is in order.

    :raises Unreachable: nothing came for 30 s.
    """
    for batch in read_batches(broker, begin, end):
        yield from batch


def read_batches(
    broker: Broker | str, begin: Offsets, end: Mapping[tuple[str, int], int]
) -> Iterator[list[Record]]:
    """As `read_range`, some thousand records at a time."""
    wanted = {at: until for at, until in end.items() if until > begin.get(at, 0)}
    if not wanted:
        return
    if has_fast_client():
        yield from _read_fast(broker_of(broker), begin, wanted)
        return
    topics = sorted({topic for topic, _ in wanted})
    first = {at: begin.get(at, 0) for at in wanted}
    records = read(broker, topics, first, wanted, IDLE_S)
    while batch := list(islice(records, BATCH)):
        yield batch


def has_fast_client() -> bool:
    """Whether confluent-kafka is installed."""
    return importlib.util.find_spec("confluent_kafka") is not None


def _read_fast(broker: Broker, begin: Offsets, wanted: Offsets) -> Iterator[list[Record]]:
    from confluent_kafka import Consumer, TopicPartition

    client = Consumer(
        {
            **librdkafka_options(broker),
            # The client insists on a group, which it never joins: partitions are assigned by hand.
            "group.id": "recaug-audit",
            "enable.auto.commit": False,
            "auto.offset.reset": "earliest",
            "enable.partition.eof": True,
        }
    )
    try:
        client.assign([TopicPartition(*at, begin.get(at, 0)) for at in wanted])
        yield from _drain_fast(client, dict(wanted), broker)
    finally:
        client.close()


def _drain_fast(client: Any, left: Offsets, broker: Broker) -> Iterator[list[Record]]:
    heard = time.monotonic()
    while left:
        messages = client.consume(BATCH, timeout=WAIT_S)
        if messages:
            heard = time.monotonic()
        elif time.monotonic() - heard > IDLE_S:
            raise _silent(broker)
        if batch := list(_wanted(client, messages, left, broker)):
            yield batch


def _wanted(client: Any, messages: list[Any], left: Offsets, broker: Broker) -> Iterator[Record]:
    from confluent_kafka import TopicPartition

    for message in messages:
        at = (message.topic(), message.partition())
        at_end = message.error() is not None and _at_end(message, broker)
        end = left.get(at, 0)
        if not at_end and message.offset() < end:
            yield _record(message)
        # Compaction may have removed the last records of a range: the end of the partition
        # ends it as well.
        if end and (at_end or message.offset() + 1 >= end):
            del left[at]
            client.pause([TopicPartition(*at)])


def _at_end(message: Any, broker: Broker) -> bool:
    error = message.error()
    if error is None:
        return False
    from confluent_kafka import KafkaError

    if error.code() != KafkaError._PARTITION_EOF:
        raise Unreachable(f"Kafka at {broker} cannot be read", str(error), "run it again")
    return True


def _record(message: Any) -> Record:
    return Record(
        message.topic(),
        message.partition(),
        message.offset(),
        message.timestamp()[1],
        message.key(),
        message.value(),
        headers_of(message),
    )


def _silent(broker: Broker) -> Unreachable:
    return Unreachable(
        f"Kafka at {broker} does not answer",
        f"nothing came for {IDLE_S:.0f} s while the report was made",
        "look at DATA_DIR/kafka/kafka.log, then run again",
    )
