"""Follow topics from now on, or from some time ago; no consumer group is joined."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from types import TracebackType
from typing import Any, Self

from kafka import KafkaConsumer, TopicPartition

from recaug.errors import no_topic
from recaug.kafka import Record, consumer, to_record
from recaug.security import Broker


class Follower:
    """Stands at the ends of some topics from the moment it is made; nothing after is missed.

    with Follower(settings.broker, ["recommendations"]) as follower:
        for record in follower.records(5.0): ...
    """

    def __init__(
        self, broker: Broker | str, topics: Sequence[str], since_ms: int | None = None
    ) -> None:
        """
        :param since_ms: begin at the first record not older than this, epoch milliseconds.

        :raises Failure: a topic does not exist.
        :raises Unreachable: the broker does not answer.
        """
        self._client = consumer(broker, fetch_max_wait_ms=100)
        try:
            places = [at for topic in topics for at in self._partitions(topic)]
            self._client.assign(places)
            stand(self._client, places, since_ms)
        except BaseException:
            self._client.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        self._client.close()

    def records(self, wait_s: float | None = None) -> Iterator[Record]:
        """Yield records as they come; end after `wait_s` seconds, never if it is None."""
        until = None if wait_s is None else time.monotonic() + wait_s
        while until is None or time.monotonic() < until:
            for found in self._client.poll(timeout_ms=100).values():
                for record in found:
                    yield to_record(record)

    def _partitions(self, topic: str) -> list[TopicPartition]:
        numbers = self._client.partitions_for_topic(topic)
        if not numbers:
            raise no_topic(topic)
        return [TopicPartition(topic, number) for number in sorted(numbers)]


def stand(client: KafkaConsumer, places: Sequence[TopicPartition], since_ms: int | None) -> None:
    """Take a consumer to the first records not older than `since_ms`; None: to the ends."""
    if not places:
        return
    ends = client.end_offsets(places)
    found: dict[TopicPartition, Any] = (
        {} if since_ms is None else client.offsets_for_times(dict.fromkeys(places, since_ms))
    )
    for at in places:
        place = found.get(at)
        # No record that young is there yet: begin with the next one.
        client.seek(at, ends[at] if place is None else place.offset)


def unread(client: KafkaConsumer, look_s: float) -> Iterator[Any]:
    """Yield the records up to where the partitions end now, for `look_s` seconds at most."""
    places = list(client.assignment())
    ends = client.end_offsets(places) if places else {}
    due_s = time.monotonic() + look_s
    while time.monotonic() < due_s and any(client.position(at) < ends[at] for at in ends):
        for records in client.poll(timeout_ms=50).values():
            yield from records
