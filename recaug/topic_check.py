"""What topics are like on the broker, beside what they should be.

differences   every setting that is not as wanted, and topics that are missing
plan          what `ensure_topics` would make
align         set what differs, where that moves no record

More partitions are never set here: a user's events would go on in another partition than the one
that holds their state.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from kafka import KafkaAdminClient
from kafka.admin import ConfigResource, ConfigResourceType

from recaug.errors import Failure
from recaug.kafka import admin, partition_counts, specs
from recaug.settings import Settings
from recaug.topics import Topic

#: In place of a setting: the topic as a whole.
TOPIC, PARTITIONS, REPLICATION = "topic", "partitions", "replication"


class Gravity(IntEnum):
    """The exit code a difference asks for."""

    WARN = 1
    FAIL = 2


@dataclass(frozen=True, slots=True)
class Difference:
    """One setting of a topic; `found` is what the broker has."""

    topic: str
    setting: str
    wanted: str
    found: str
    gravity: Gravity

    @property
    def is_setting(self) -> bool:
        """Whether `align` can set it."""
        return self.setting not in (TOPIC, PARTITIONS, REPLICATION)

    def as_json(self) -> dict[str, str]:
        """The fields, in words."""
        return {
            "topic": self.topic, "setting": self.setting, "wanted": self.wanted,
            "found": self.found, "level": self.gravity.name.lower(),
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Layout:
    """A topic on the broker."""

    partitions: int
    replicas: int
    config: Mapping[str, str]


def layouts(client: KafkaAdminClient, topics: Iterable[Topic]) -> dict[str, Layout]:
    """Return those of `topics` that exist, by name."""
    names = sorted({topic.name for topic in topics} & set(client.list_topics()))
    if not names:
        return {}
    configs = configurations(client, names)
    return {
        topic["name"]: Layout(
            len(topic["partitions"]),
            min(len(partition["replica_nodes"]) for partition in topic["partitions"]),
            configs.get(topic["name"], {}),
        )
        for topic in client.describe_topics(names)
        if topic["partitions"]
    }


def configurations(client: KafkaAdminClient, names: list[str]) -> dict[str, dict[str, str]]:
    """Return what the broker has each topic set to, its own defaults included.

    :raises KafkaError: this principal may not ask.
    """
    asked = [ConfigResource(ConfigResourceType.TOPIC, name) for name in names]
    told = client.describe_configs(asked, config_filter="all")
    found: dict[str, dict[str, Any]] = told.get("topic", {})
    return {
        topic: {name: str(about["value"]) for name, about in config.items()}
        for topic, config in found.items()
    }


def differences(settings: Settings) -> list[Difference]:
    """Compare every topic with what it should be, in the order of `recaug.topics`.

    :raises Unreachable: the broker does not answer.
    """
    with admin(settings.broker) as client:
        have = layouts(client, settings.topics.all)
    partitions = wanted_partitions(settings, {name: one.partitions for name, one in have.items()})
    return [
        difference
        for topic in settings.topics.all
        for difference in _of_topic(settings, topic, have.get(topic.name), partitions)
    ]


def wanted_partitions(settings: Settings, have: Mapping[str, int]) -> int:
    """How many partitions topics keyed by user should have: as set, else as most of them have."""
    counts = [have[t.name] for t in settings.topics.all if t.key == "user" and t.name in have]
    if "partitions" in settings.model_fields_set or not counts:
        return settings.partitions
    return max(counts, key=lambda count: (counts.count(count), count))


def _of_topic(
    settings: Settings, topic: Topic, found: Layout | None, partitions: int
) -> Iterable[Difference]:
    if found is None:
        yield Difference(topic.name, TOPIC, "there", "missing", Gravity.FAIL)
        return
    if topic.key == "user" and found.partitions != partitions:
        told = str(partitions), str(found.partitions)
        yield Difference(topic.name, PARTITIONS, *told, Gravity.FAIL)
    if found.replicas < settings.replication:
        told = str(settings.replication), str(found.replicas)
        yield Difference(topic.name, REPLICATION, *told, Gravity.WARN)
    for name, wanted in topic.config.items():
        has = found.config.get(name, "unknown")
        if has != wanted:
            yield Difference(topic.name, name, wanted, has, Gravity.WARN)


def plan(settings: Settings) -> dict[str, dict[str, Any]]:
    """Return what `ensure_topics` would create, by name: `recaug.kafka.specs`.

    :raises Unreachable: the broker does not answer.
    """
    have = _partitions(settings)
    missing = [topic for topic in settings.topics.all if topic.name not in have]
    return specs(settings, missing, have)


def user_partitions(settings: Settings) -> int | None:
    """Return how many partitions the topics keyed by user have; None where there are none.

    :raises Unreachable: the broker does not answer.
    """
    have = _partitions(settings)
    return next(
        (have[t.name] for t in settings.topics.all if t.key == "user" and t.name in have), None
    )


def _partitions(settings: Settings) -> dict[str, int]:
    with admin(settings.broker) as client:
        return partition_counts(client, settings.topics.all)


def align(settings: Settings, wanted: Iterable[Difference]) -> None:
    """Set what differs and can be set; partitions and replicas stay as they are.

    :raises Failure: the broker refuses.
    :raises Unreachable: the broker does not answer.
    """
    changes: dict[str, dict[str, str]] = {}
    for one in wanted:
        if one.is_setting:
            changes.setdefault(one.topic, {})[one.setting] = one.wanted
    if not changes:
        return
    asked = [ConfigResource(ConfigResourceType.TOPIC, name, to) for name, to in changes.items()]
    with admin(settings.broker) as client:
        told = client.alter_configs(asked)["topic"]
    refused = {name: str(result) for name, result in told.items() if "NoError" not in str(result)}
    if refused:
        name, why = next(iter(refused.items()))
        raise Failure(
            f"the settings of {name} could not be changed", why,
            "run it as an administrator of Kafka, or see: recaug topics diff",
        )  # fmt: skip
