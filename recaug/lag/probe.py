"""Takes the samples that `recaug.lag.compare` compares: asks the broker, never the services.

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
from recaug.kafka import admin, partitions_of
from recaug.lag.ages import Ages
from recaug.lag.commits import Commits
from recaug.lag.sample import Member, Position, Sample
from recaug.settings import SERVICES, Settings
from recaug.topic_check import configurations

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

    def __init__(
        self, settings: Settings, services: Iterable[str] = SERVICES, commits: bool = False
    ) -> None:
        """
        :param services: whose groups; a service may ask the broker about its own only.
        :param commits: whether to find out when each group last committed.
        """
        self._settings = settings
        self._broker = settings.broker
        self._wanted = group_topics(settings, services)
        self._admin = admin(self._broker)
        self._ages = Ages(self._broker)
        self._commits = Commits(self._broker, self._wanted) if commits else None
        self._kept: dict[str, int] = {}
        self._asked: frozenset[str] = frozenset()

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
        self._ages.close()
        if self._commits is not None:
            self._commits.close()
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
        told = _patiently(lambda: self._admin.describe_groups(groups))
        owners = {group: _owners(told[group]["members"]) for group in groups}
        positions = self._positions(groups)
        return Sample(
            at_ms=now_ms,
            members={group: len(found) for group, found in owners.items()},
            positions=self._ages.dated({key: value for key, value in positions.items() if value}),
            owners=owners,
            retention_ms=self._retention_ms({topic for (_, topic), at in positions.items() if at}),
            committed_ms={} if self._commits is None else self._commits.newest(now_ms),
        )

    def _positions(self, groups: list[str]) -> dict[tuple[str, str], dict[int, Position]]:
        committed = _patiently(lambda: self._admin.list_group_offsets(groups))
        wanted = {group: self._topics(group, committed.get(group, {})) for group in groups}
        partitions = partitions_of(self._admin, {t for names in wanted.values() for t in names})
        begin = self._offsets(partitions, OffsetSpec.EARLIEST)
        end = self._offsets(partitions, OffsetSpec.LATEST)
        return {
            (group, topic): {
                at.partition: Position(_committed(committed, group, at), begin[at], end[at])
                for at in partitions
                if at.topic == topic
            }
            for group, topics in wanted.items()
            for topic in topics
        }

    def _topics(self, group: str, committed: Mapping[TopicPartition, Any]) -> list[str]:
        wanted = self._wanted[group]
        return [*wanted, *sorted({at.topic for at in committed} - set(wanted))]

    def _offsets(self, partitions: list[TopicPartition], spec: Any) -> dict[TopicPartition, int]:
        if not partitions:
            return {}
        found = self._admin.list_partition_offsets(dict.fromkeys(partitions, spec))
        return {at: offset.offset for at, offset in found.items()}

    def _retention_ms(self, topics: set[str]) -> dict[str, int]:
        """How long a topic keeps what it deletes by age; asked once, and for new topics again."""
        if topics - self._asked:
            self._asked = frozenset(topics)
            ours = {t.name: t.retention_ms for t in self._settings.topics.all if t.retention_ms}
            self._kept = {**ours, **self._configured(sorted(topics))}
        return {topic: kept for topic, kept in self._kept.items() if kept > 0}

    def _configured(self, topics: list[str]) -> dict[str, int]:
        """What the broker is set to; nothing where we may not ask."""
        try:
            told = configurations(self._admin, topics)
        except KafkaError:
            return {}
        return {
            name: int(config["retention.ms"])
            for name, config in told.items()
            if "delete" in config.get("cleanup.policy", "")
        }


def _owners(members: Iterable[Mapping[str, Any]]) -> tuple[Member, ...]:
    return tuple(
        Member(
            id=member["member_id"],
            name=member.get("group_instance_id") or member["client_id"],
            host=str(member["client_host"]).lstrip("/"),
            partitions=_assigned(member.get("member_assignment")),
        )
        for member in members
    )


def _assigned(assignment: Any) -> frozenset[tuple[str, int]]:
    """What a member reads; nothing while the group is rebalancing."""
    if not isinstance(assignment, Mapping):
        return frozenset()
    found = assignment.get("assigned_partitions") or ()
    return frozenset((part["topic"], number) for part in found for number in part["partitions"])


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
