"""Whether producers choose partitions as Kafka's own clients do, judged by real records."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from recaug.checkup.finding import Finding, Level
from recaug.settings import Settings

#: Records of all topics together looked at to tell which partitioner producers use.
SAMPLE = 1_000

MEND = "set partitioner=murmur2_random in every producer built on librdkafka   (docs/clients)"


def producers(settings: Settings) -> Iterator[Finding]:
    """Whether producers choose partitions as Kafka's own clients do.

    Those on librdkafka hash with CRC32 unless told otherwise; a user's events then go to two
    partitions, and their order is lost.
    """
    seen, wrong = Counter[str](), Counter[str]()
    for topic, key, partition, count in _newest_keys(settings):
        seen[topic] += 1
        wrong[topic] += partition_of(key, count) != partition
    if not seen:
        yield Finding(Level.OK, "producers", "no keyed record on the input topics to judge by yet")
        return
    bad = {topic: number for topic, number in wrong.items() if number}
    for topic, number in bad.items():
        words = f"{number} of the newest {seen[topic]} records of {topic} are not where murmur2 "
        yield Finding(Level.WARN, "producers", words + "puts them", MEND)
    if not bad:
        words = f"the newest {seen.total()} records are where murmur2 puts them"
        yield Finding(Level.OK, "producers", words)


def partition_of(key: bytes, partitions: int) -> int:
    """Return the partition Kafka's own clients choose for a key.

    >>> partition_of(b"u-1842", 24), partition_of(b"u-1", 24)
    (0, 7)
    """
    from kafka.partitioner import murmur2

    return int(murmur2(key) & 0x7FFFFFFF) % partitions


def _newest_keys(settings: Settings) -> Iterator[tuple[str, bytes, int, int]]:
    """Yield topic, key, partition and partition count of the newest records of the inputs."""
    from recaug.kafka import end_offsets, read, start_offsets

    topics = [topic.name for topic in settings.topics.inputs]
    ends, starts = end_offsets(settings.broker, topics), start_offsets(settings.broker, topics)
    counts = Counter(topic for topic, _ in ends)
    share = max(1, SAMPLE // max(1, len(ends)))
    begin = {at: max(starts.get(at, 0), end - share) for at, end in ends.items()}
    for record in read(settings.broker, topics, begin, ends, idle_s=5.0):
        if record.key is not None:
            yield record.topic, record.key, record.partition, counts[record.topic]
