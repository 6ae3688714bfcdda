"""Thin helpers over kafka-python: topics, offsets, bounded reads, a producer.

Everything here assigns partitions by hand: no consumer group is ever joined, so looking never moves
the position of a service.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, OffsetSpec, TopicPartition
from kafka.errors import (
    KafkaError,
    RetriableError,
    TopicAlreadyExistsError,
    TopicAuthorizationFailedError,
    for_code,
)

from recaug.connect import CONNECT_S, broker_of, connect
from recaug.errors import Failure, Unreachable
from recaug.knock import unreachable
from recaug.security import Broker
from recaug.settings import Settings
from recaug.topics import Topic

#: Offsets by (topic, partition).
Offsets = dict[tuple[str, int], int]

#: A broker that has just started is not counted at once: topics are asked for again for so long.
CREATE_S = 15.0
_OK = 0
_FORBIDDEN = TopicAuthorizationFailedError.errno


@dataclass(frozen=True, slots=True)
class Record:
    """One record as the broker keeps it; `timestamp_ms` is the broker's clock at append."""

    topic: str
    partition: int
    offset: int
    timestamp_ms: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...]

    def header(self, name: str) -> bytes | None:
        """Return the last header called `name`, as Kafka's own clients do."""
        return next((value for key, value in reversed(self.headers) if key == name), None)


def admin(broker: Broker | str, timeout_s: float = CONNECT_S) -> KafkaAdminClient:
    """Connect an admin client; use it as a context manager.

    :raises Unreachable: no broker answered within `timeout_s`.
    """
    return connect(KafkaAdminClient, broker, timeout_s)


def producer(broker: Broker | str, timeout_s: float = CONNECT_S, **options: Any) -> KafkaProducer:
    """Connect an idempotent `acks=all` producer with the murmur2 partitioner of Kafka's clients.

    :raises Unreachable: no broker answered within `timeout_s`.
    """
    chosen = {"acks": "all", "compression_type": "lz4", "linger_ms": 5, **options}
    return connect(KafkaProducer, broker, timeout_s, **chosen)


def consumer(broker: Broker | str, timeout_s: float = CONNECT_S, **options: Any) -> KafkaConsumer:
    """Connect a consumer that belongs to no group.

    :raises Unreachable: no broker answered within `timeout_s`.
    """
    chosen = {"group_id": None, "enable_auto_commit": False, "auto_offset_reset": "earliest"}
    return connect(KafkaConsumer, broker, timeout_s, **{**chosen, **options})


def brokers(broker: Broker | str, timeout_s: float = 2.0) -> int:
    """Return how many brokers the cluster counts; 0 when none answers."""
    try:
        with admin(broker, timeout_s) as client:
            return len(client.describe_cluster()["brokers"])
    except (Unreachable, KafkaError):
        return 0


def partition_counts(client: KafkaAdminClient, topics: Iterable[Topic]) -> dict[str, int]:
    """Return the number of partitions of those `topics` that exist."""
    wanted = {topic.name for topic in topics} & set(client.list_topics())
    if not wanted:
        return {}
    found = client.describe_topics(sorted(wanted))
    return {topic["name"]: len(topic["partitions"]) for topic in found if topic["partitions"]}


def ensure_topics(settings: Settings) -> dict[str, int]:
    """Create the topics that are missing; return the partitions of every one.

    Safe to call from every service at once and at every start. Topics keyed by user that exist
    already decide the number for those that do not.

    :raises Failure: topics keyed by user differ in partitions, so a user would have two owners.
    :raises Unreachable: the broker does not answer.
    """
    wanted = settings.topics.all
    with admin(settings.broker) as client:
        have = partition_counts(client, wanted)
        _refuse_unequal(wanted, have)
        missing = [topic for topic in wanted if topic.name not in have]
        if missing:
            _create(client, specs(settings, missing, have), settings.replication)
            client.wait_for_topics([topic.name for topic in missing])
            have = partition_counts(client, wanted)
            _refuse_unequal(wanted, have)
        return have


def specs(
    settings: Settings, missing: Iterable[Topic], have: Mapping[str, int]
) -> dict[str, dict[str, Any]]:
    """Return partitions, replicas and settings of the topics to create, by name.

    :param have: partitions of those that exist.
    """
    existing = [have[t.name] for t in settings.topics.all if t.key == "user" and t.name in have]
    partitions = existing[0] if existing else settings.partitions
    return {
        topic.name: {
            # One partition: readers see promotions in the order they happened.
            "num_partitions": 1 if topic.key == "model" else partitions,
            "replication_factor": settings.replication,
            "configs": topic.config,
        }
        for topic in missing
    }


def _create(client: KafkaAdminClient, specs: dict[str, Any], replication: int) -> None:
    deadline = time.monotonic() + CREATE_S
    while specs:
        answer = client.create_topics(specs, raise_errors=False)
        # Another service may have been faster.
        specs = {
            topic["name"]: specs[topic["name"]]
            for topic in answer["topics"]
            if topic["error_code"] not in (_OK, TopicAlreadyExistsError.errno)
        }
        refused = _FORBIDDEN in {topic["error_code"] for topic in answer["topics"]}
        if specs and (refused or time.monotonic() > deadline):
            raise _not_created(sorted(specs), answer, replication)
        time.sleep(0.2 if specs else 0)


def _not_created(names: list[str], answer: Mapping[str, Any], replication: int) -> Failure:
    told = next(topic for topic in answer["topics"] if topic["name"] == names[0])
    why = for_code(told["error_code"]).__name__
    if told["error_code"] == _FORBIDDEN:
        return Failure(
            f"topics are missing: {', '.join(names)}",
            "this principal may not create them, or may not see that they are there",
            "as an administrator: python -m streams topics; ops/acl/kafka.sh   (docs/security.md)",
        )
    return Failure(
        f"topics could not be created: {', '.join(names)}",
        f"the broker says {why} {told.get('error_message') or ''} ({replication} replicas asked)",
        "set RECAUG_REPLICATION to at most the number of brokers, or create them yourself",
    )


def _refuse_unequal(topics: Iterable[Topic], have: Mapping[str, int]) -> None:
    counts = {t.name: have[t.name] for t in topics if t.key == "user" and t.name in have}
    if len(set(counts.values())) > 1:
        shown = ", ".join(f"{name} {count}" for name, count in sorted(counts.items()))
        most = max(counts.values())
        raise Failure(
            "topics keyed by user must have equal partition counts",
            f"a user would be owned by two workers: {shown}",
            f"delete the smaller topics, or raise them to {most} with kafka-topics --alter "
            f"--partitions {most} while nothing runs",
        )


def partitions_of(client: KafkaAdminClient, topics: Iterable[str]) -> list[TopicPartition]:
    """Return every partition of `topics`; a topic that does not exist has none."""
    wanted = sorted(set(topics) & set(client.list_topics()))
    if not wanted:
        return []
    found = client.describe_topics(wanted)
    return [
        TopicPartition(topic["name"], partition["partition_index"])
        for topic in found
        for partition in topic["partitions"]
    ]


def end_offsets(broker: Broker | str, topics: Iterable[str]) -> Offsets:
    """Return the offset the next record of every partition will get."""
    with admin(broker) as client:
        return _offsets(client, partitions_of(client, topics), OffsetSpec.LATEST)


def start_offsets(broker: Broker | str, topics: Iterable[str]) -> Offsets:
    """Return the offset of the oldest record kept in every partition."""
    with admin(broker) as client:
        return _offsets(client, partitions_of(client, topics), OffsetSpec.EARLIEST)


def lag(client: KafkaAdminClient, group: str, topics: Iterable[str]) -> Offsets:
    """Return records not yet acknowledged by `group`, by partition.

    A partition it never committed counts from the oldest record kept.
    """
    partitions = partitions_of(client, topics)
    if not partitions:
        return {}
    committed = _group_offsets(client, group, partitions)
    ends = _offsets(client, partitions, OffsetSpec.LATEST)
    starts = _offsets(client, partitions, OffsetSpec.EARLIEST)
    return {
        at: end - max(starts[at], _committed(committed, TopicPartition(*at)))
        for at, end in ends.items()
    }


def _group_offsets(
    client: KafkaAdminClient, group: str, partitions: list[TopicPartition], patience_s: float = 10.0
) -> Mapping[TopicPartition, Any]:
    deadline = time.monotonic() + patience_s
    while True:
        try:
            answer = client.list_group_offsets({group: partitions})
        except RetriableError:
            # The first question about any group makes the broker create its offsets topic.
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)
        else:
            found: Mapping[TopicPartition, Any] = answer.get(group, {})
            return found


def _committed(found: Mapping[TopicPartition, Any], partition: TopicPartition) -> int:
    # The broker says -1 for a partition that was never committed.
    return found[partition].offset if partition in found else -1


def _offsets(client: KafkaAdminClient, partitions: list[TopicPartition], spec: Any) -> Offsets:
    if not partitions:
        return {}
    found = client.list_partition_offsets(dict.fromkeys(partitions, spec))
    return {(at.topic, at.partition): offset.offset for at, offset in found.items()}


def read(
    broker: Broker | str,
    topics: Iterable[str],
    from_offsets: Mapping[tuple[str, int], int] | None = None,
    until_offsets: Mapping[tuple[str, int], int] | None = None,
    idle_s: float = 30.0,
) -> Iterator[Record]:
    """Yield the records of `topics` between two sets of offsets; each partition is in order.

    :param from_offsets: where to begin; a partition left out begins at its oldest record.
    :param until_offsets: where to end, exclusive; default: the ends at the time of the call.
    :param idle_s: give up after so long without a record.

    :raises Unreachable: the broker does not answer, or nothing came for `idle_s`.
    """
    broker, names = broker_of(broker), list(topics)
    until = dict(end_offsets(broker, names) if until_offsets is None else until_offsets)
    begin = {**start_offsets(broker, names), **(from_offsets or {})}
    left = {TopicPartition(*at): end for at, end in until.items() if end > begin.get(at, 0)}
    left = {at: end for at, end in left.items() if at.topic in names}
    client = consumer(broker, max_poll_records=5_000)
    try:
        client.assign(list(left))
        for at in left:
            client.seek(at, begin[at.topic, at.partition])
        yield from _drain(client, broker, left, idle_s)
    finally:
        client.close()


def _drain(
    client: KafkaConsumer, broker: Broker, left: dict[TopicPartition, int], idle_s: float
) -> Iterator[Record]:
    heard = time.monotonic()
    while left:
        batches = client.poll(timeout_ms=200)
        if batches:
            heard = time.monotonic()
        for at, records in batches.items():
            end = left.get(at, 0)
            yield from (to_record(record) for record in records if record.offset < end)
        for at in [at for at, end in left.items() if client.position(at) >= end]:
            # The last records of a range may be compacted away: the position tells, not a record.
            del left[at]
            client.pause(at)
        if time.monotonic() - heard > idle_s:
            raise unreachable(broker, f"nothing came for {idle_s:.0f} s")


def to_record(record: Any) -> Record:
    """Return a record of kafka-python's as one of ours."""
    return Record(
        record.topic,
        record.partition,
        record.offset,
        record.timestamp,
        record.key,
        record.value,
        tuple(record.headers),
    )
