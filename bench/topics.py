"""The topics of a bench: how far each is, and what is in it with the broker's own times."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from types import TracebackType
from typing import Self

from confluent_kafka import Consumer, KafkaException, Message, Producer, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from recaug.settings import Settings

#: Partition to offset.
Ends = dict[int, int]

#: A topic that was just made has no leader yet: it is asked again for so long.
NEW_S = 10.0


class Reader:
    """One lasting connection: asking through a new one each time would be a load of its own."""

    def __init__(self, settings: Settings) -> None:
        self._kafka = settings.kafka
        options = {"group.id": "bench", "enable.auto.commit": False, "fetch.wait.max.ms": 100}
        self._consumer = Consumer({"bootstrap.servers": settings.kafka, **options})

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        self._consumer.close()

    def ends(self, topic: str) -> Ends:
        """The offset the next record of each partition will get."""
        found = self._consumer.list_topics(topic, 10).topics[topic].partitions
        return {number: self._end(topic, number) for number in sorted(found)}

    def _end(self, topic: str, number: int) -> int:
        give_up = time.monotonic() + NEW_S
        while True:
            try:
                _, end = self._consumer.get_watermark_offsets(TopicPartition(topic, number), 10)
            except KafkaException:
                if time.monotonic() > give_up:
                    raise
                time.sleep(0.1)
            else:
                return int(end)

    def total(self, topic: str) -> int:
        """Records ever written to a topic."""
        return sum(self.ends(topic).values())

    def reached(self, topic: str, records: int) -> bool:
        """Whether so many were written to it."""
        return self.total(topic) >= records

    def follow(self, topic: str, since: Ends) -> Iterator[Message | None]:
        """Records from `since` on as they come, for ever; None where none came for a moment."""
        self._consumer.assign([TopicPartition(topic, n, at) for n, at in since.items()])
        while True:
            # `poll`, because `consume` holds records back until it has as many as were asked for.
            message = self._consumer.poll(0.05)
            yield message if message is None or message.error() is None else None

    def between(self, topic: str, since: Ends, until: Ends) -> list[Message]:
        """All records from `since` to before `until`."""
        left = sum(until.values()) - sum(since.values())
        self._consumer.assign([TopicPartition(topic, n, at) for n, at in since.items()])
        found: list[Message] = []
        while len(found) < left:
            found += [m for m in self._consumer.consume(5_000, 0.2) if m.error() is None]
        return found


def create(settings: Settings, names: Sequence[str], partitions: int) -> None:
    """Make topics that are none of ours, for what a peer writes."""
    # Below warnings: it says that it throws an event away whenever it is closed.
    admin = AdminClient({"bootstrap.servers": settings.kafka, "log_level": 4})
    for made in admin.create_topics([NewTopic(name, partitions, 1) for name in names]).values():
        made.result(NEW_S)


def producer(settings: Settings, linger_ms: float) -> Producer:
    """A producer as clients have it: acknowledged by all, partitioned as Kafka's own."""
    return Producer(
        {
            "bootstrap.servers": settings.kafka,
            "acks": "all",
            "linger.ms": linger_ms,
            "compression.type": "lz4" if linger_ms else "none",
            "partitioner": "murmur2_random",
            "queue.buffering.max.messages": 500_000,
        }
    )
