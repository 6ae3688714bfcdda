"""Takes the samples that `recaug.lag` compares: asks the broker, never the services.

It joins no group and commits nothing, so looking changes nothing.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from types import TracebackType
from typing import Any, Self

from kafka import OffsetSpec, TopicPartition
from kafka.errors import CoordinatorNotAvailableError, KafkaError, RetriableError

from recaug.errors import Unreachable
from recaug.kafka import admin, consumer, partitions_of
from recaug.lag import Position, Sample
from recaug.settings import SERVICES, Settings

#: How long to look for first unread records; past it a time lag is shown as unknown.
PEEK_S = 1.0

#: A broker that has just started has no coordinator for a moment.
PATIENCE_S = 10.0


def group_topics(settings: Settings, services: Iterable[str] = SERVICES) -> dict[str, list[str]]:
    """Return what each service must read, by group: a group that never ran is measured too."""
    topics = settings.topics
    log = (topics.events, topics.clean_users)
    reads = {"clean": topics.inputs, "learn": log, "recommend": log}
    return {settings.group(name): [topic.name for topic in reads[name]] for name in services}


class LagProbe:
    """Keeps its connections open between samples; one thread at a time.

    with LagProbe(settings) as probe:
        first = probe.sample(now_ms)
    """

    def __init__(self, settings: Settings, services: Iterable[str] = SERVICES) -> None:
        """
        :param services: whose groups; a service may ask the broker about its own only.
        """
        self._broker = settings.broker
        self._wanted = group_topics(settings, services)
        self._admin = admin(self._broker)
        self._peeker: Any = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        if self._peeker is not None:
            self._peeker.close()
        self._admin.close()

    def sample(self, now_ms: int) -> Sample:
        """Measure every group once.

        :raises Unreachable: the broker does not answer.
        """
        try:
            return self._sample(now_ms)
        except (KafkaError, OSError) as error:
            raise Unreachable(
                f"Kafka at {self._broker} does not answer",
                f"{type(error).__name__}: {error}",
                "start everything with: recaug up   (or name your broker: --kafka HOST:PORT)",
            ) from error

    def _sample(self, now_ms: int) -> Sample:
        groups = list(self._wanted)
        members = _patiently(lambda: self._admin.describe_groups(groups))
        committed = _patiently(lambda: self._admin.list_group_offsets(groups))
        wanted = {group: self._topics(group, committed.get(group, {})) for group in groups}
        partitions = partitions_of(self._admin, {t for names in wanted.values() for t in names})
        begin = self._offsets(partitions, OffsetSpec.EARLIEST)
        end = self._offsets(partitions, OffsetSpec.LATEST)
        bare = {
            (group, topic): {
                at.partition: Position(_committed(committed, group, at), begin[at], end[at])
                for at in partitions
                if at.topic == topic
            }
            for group, topics in wanted.items()
            for topic in topics
        }
        return Sample(
            at_ms=now_ms,
            members={group: len(members[group]["members"]) for group in groups},
            positions=self._dated({key: value for key, value in bare.items() if value}),
        )

    def _topics(self, group: str, committed: Mapping[TopicPartition, Any]) -> list[str]:
        wanted = self._wanted[group]
        return [*wanted, *sorted({at.topic for at in committed} - set(wanted))]

    def _offsets(self, partitions: list[TopicPartition], spec: Any) -> dict[TopicPartition, int]:
        if not partitions:
            return {}
        found = self._admin.list_partition_offsets(dict.fromkeys(partitions, spec))
        return {at: offset.offset for at, offset in found.items()}

    def _dated(
        self, positions: dict[tuple[str, str], dict[int, Position]]
    ) -> dict[tuple[str, str], dict[int, Position]]:
        """Add to every position that is behind the timestamp of its first unread record."""
        asked = {
            (TopicPartition(topic, number), position.next_offset)
            for (_, topic), parts in positions.items()
            for number, position in parts.items()
            if position.lag > 0
        }
        times = self._first_unread_ms(asked)
        return {
            (group, topic): {
                number: Position(
                    position.committed,
                    position.begin,
                    position.end,
                    times.get((TopicPartition(topic, number), position.next_offset)),
                )
                for number, position in parts.items()
            }
            for (group, topic), parts in positions.items()
        }

    def _first_unread_ms(
        self, asked: Iterable[tuple[TopicPartition, int]]
    ) -> dict[tuple[TopicPartition, int], int]:
        """Read one record at each place; two groups may stand at two places of one partition."""
        left = sorted(asked, key=lambda place: (place[0].topic, place[0].partition, place[1]))
        found: dict[tuple[TopicPartition, int], int] = {}
        while left:
            # A consumer can stand at one place of a partition only.
            round_ = dict(reversed(left))
            found.update(self._peek(round_))
            left = [place for place in left if round_[place[0]] != place[1]]
        return found

    def _peek(self, places: dict[TopicPartition, int]) -> dict[tuple[TopicPartition, int], int]:
        deadline = time.monotonic() + PEEK_S
        reader = self._reader()
        reader.assign(list(places))
        for at, offset in places.items():
            reader.seek(at, offset)
        found: dict[tuple[TopicPartition, int], int] = {}
        while len(found) < len(places) and time.monotonic() < deadline:
            for at, records in reader.poll(timeout_ms=50).items():
                found.setdefault((at, places[at]), records[0].timestamp)
                reader.pause(at)
        reader.unsubscribe()
        return found

    def _reader(self) -> Any:
        if self._peeker is None:
            self._peeker = consumer(
                self._broker,
                # What a poll leaves of a partition that is then paused holds up the next fetches.
                max_poll_records=100_000,
                max_partition_fetch_bytes=65_536,
                fetch_max_wait_ms=50,
            )
        return self._peeker


def _committed(
    found: Mapping[str, Mapping[TopicPartition, Any]], group: str, at: TopicPartition
) -> int | None:
    offset = found.get(group, {}).get(at)
    # The broker says -1 for a partition that was never committed.
    return None if offset is None or offset.offset < 0 else int(offset.offset)


def _patiently(ask: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    deadline = time.monotonic() + PATIENCE_S
    while True:
        try:
            return ask()
        except (CoordinatorNotAvailableError, RetriableError):
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)
