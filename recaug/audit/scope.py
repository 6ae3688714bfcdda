"""Which part of the topics is audited, and who had settled what before it was cut off.

Positions are read before ends. A service writes first and commits afterwards, so whatever lies
below a committed offset has its effect below the ends: what is not found there is not under way.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass

from kafka import KafkaAdminClient, OffsetSpec, TopicPartition

from recaug.audit.bulk import read_range
from recaug.kafka import Offsets, admin, consumer, partitions_of
from recaug.lag import Row, Sample, Verdict, compare
from recaug.lag.probe import LagProbe
from recaug.security import Broker
from recaug.settings import SERVICES, Settings

#: Two looks at the positions of a service that has work are so far apart, seconds.
APART_S = 3.0


@dataclass(frozen=True, slots=True)
class Scope:
    """Offsets by topic and partition.

    begin     first record that is audited
    starts    oldest record that is kept
    ends      end of what is audited
    exist     end of the input topics, taken after `ends`: no source can be beyond it
    first     positions of the services, taken before `ends`
    whole     nothing that is kept was left out
    """

    begin: Offsets
    starts: Offsets
    ends: Offsets
    exist: Offsets
    first: Sample
    whole: bool

    def part(self, topic: str, of: Mapping[tuple[str, int], int]) -> dict[int, int]:
        """One topic's offsets by partition."""
        return {number: at for (name, number), at in of.items() if name == topic}

    def records(self) -> int:
        """How many offsets are read, most."""
        return sum(max(0, end - self.begin.get(at, 0)) for at, end in self.ends.items())


def look(settings: Settings) -> Sample:
    """Where the services stand now.

    :raises Unreachable: the broker does not answer.
    """
    with LagProbe(settings) as probe:
        return probe.sample(_now_ms())


def take_scope(
    settings: Settings, first: Sample, since: Offsets | None, inputs_end: Offsets | None
) -> Scope:
    """Look at where the topics begin and end.

    :param first: where the services stood before.
    :param since: where to begin; None: with the oldest records kept.
    :param inputs_end: input records from here on are too young to count; default: all that are.

    :raises Unreachable: the broker does not answer.
    """
    topics = [topic.name for topic in settings.topics.all]
    inputs = [topic.name for topic in settings.topics.inputs]
    with admin(settings.broker) as client:
        places = partitions_of(client, topics)
        starts = _ask(client, places, OffsetSpec.EARLIEST)
        ends = _ask(client, places, OffsetSpec.LATEST)
        # Answers first, models after them: whatever answered was announced before.
        models = [at for at in places if at.topic == settings.topics.models.name]
        ends.update(_ask(client, models, OffsetSpec.LATEST))
        exist = _ask(client, [at for at in places if at.topic in inputs], OffsetSpec.LATEST)
    if inputs_end is not None:
        ends.update({at: inputs_end.get(at, 0) for at in ends if at[0] in inputs})
    begin = starts if since is None else {at: max(starts[at], since.get(at, 0)) for at in starts}
    return Scope(begin, starts, ends, exist, first, begin == starts)


def _ask(client: KafkaAdminClient, places: list[TopicPartition], spec: OffsetSpec) -> Offsets:
    if not places:
        return {}
    found = client.list_partition_offsets(dict.fromkeys(places, spec))
    return {(at.topic, at.partition): offset.offset for at, offset in found.items()}


def offsets_at(broker: Broker, ends: Offsets, at_ms: int) -> Offsets:
    """Return the first offset of every partition appended at a time or later, else its end."""
    client = consumer(broker)
    try:
        asked = {TopicPartition(*at): at_ms for at in ends}
        found = client.offsets_for_times(asked) if asked else {}
    finally:
        client.close()
    young = {(at.topic, at.partition): place.offset for at, place in found.items() if place}
    return {**ends, **young}


def committed(settings: Settings, sample: Sample, service: str) -> dict[tuple[str, int], int]:
    """What a service has settled: the offset it committed, by topic and partition."""
    return {
        (topic, number): position.committed or 0
        for (group, topic), parts in sample.positions.items()
        if group == settings.group(service)
        for number, position in parts.items()
    }


def lags(settings: Settings, sample: Sample) -> dict[str, int]:
    """Records that each service has not acknowledged."""
    return {
        service: sum(
            position.lag
            for (group, _), parts in sample.positions.items()
            if group == settings.group(service)
            for position in parts.values()
        )
        for service in SERVICES
    }


def standing(settings: Settings, first: Sample) -> tuple[Sample, list[Row]]:
    """Look at the positions again; return them, and the services that have work and do not move,
    do not run, or lost records to retention."""
    busy = any(p.lag for parts in first.positions.values() for p in parts.values())
    if busy and any(first.members.values()):
        time.sleep(max(0.0, APART_S - (_now_ms() - first.at_ms) / 1_000))
    second = look(settings)
    grave = (Verdict.STALL, Verdict.STOP, Verdict.LOST)
    return second, [row for row in compare(first, second) if row.verdict in grave]


def oldest_ms(settings: Settings, scope: Scope, topic: str) -> dict[int, int]:
    """When the oldest kept record of each partition was appended; 0 where none was deleted yet.

    A partition of which nothing is left is as if its oldest record were still to come.
    """
    found: dict[int, int] = {}
    for number, start in scope.part(topic, scope.starts).items():
        at = (topic, number)
        if start == 0:
            found[number] = 0
        elif start >= scope.ends.get(at, 0):
            found[number] = 2**63 - 1
        else:
            records = read_range(settings.broker, {at: start}, {at: start + 1})
            found[number] = next((record.timestamp_ms for record in records), 0)
    return found


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
