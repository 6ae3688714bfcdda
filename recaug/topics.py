"""Every topic, its key, its partitions and its retention, on one screen.

Everything keyed by user has the same number of partitions, so a user has the same partition number
everywhere and one worker owns all that belongs to them.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

HOUR_MS, DAY_MS = 3_600_000, 86_400_000
#: Stands in `written_by` for every one of the services.
SERVICES = "every service"
#: Largest record (strictly: batch, as compressed) a producer may write.
INPUT_BYTES = 2**20

#: A null outlives every event it is about, and what it replaces is gone a day later.
_ERASABLE = {
    "delete.retention.ms": str(31 * DAY_MS),
    "max.compaction.lag.ms": str(DAY_MS),
}

Key = Literal["user", "item", "model", "worker"]


@dataclass(frozen=True, slots=True)
class Topic:
    """A topic as the services need it; `retention_ms` is None where the topic is compacted."""

    name: str
    key: Key
    retention_ms: int | None
    written_by: str

    @property
    def config(self) -> dict[str, str]:
        # LogAppendTime: a client clock an hour ahead would make the broker refuse the record, and
        # latency is then measured by one clock. Event time travels in the payload.
        # A dead letter is the largest record we accept plus what is said about it.
        largest = INPUT_BYTES if self.written_by == "producers" else 2 * INPUT_BYTES
        shared = {"message.timestamp.type": "LogAppendTime", "max.message.bytes": str(largest)}
        if self.retention_ms is None:
            compact = {**shared, "cleanup.policy": "compact"}
            return {**compact, **_ERASABLE} if self.key == "user" else compact
        config = {
            **shared,
            "cleanup.policy": "delete",
            "retention.ms": str(self.retention_ms),
        }
        if self.retention_ms < DAY_MS:
            # Only whole segments are deleted, and one would take a week to be full.
            config["segment.ms"] = str(self.retention_ms)
        return config


class Topics:
    """All topics under one prefix; attributes are `Topic`s, `all` lists them in data order."""

    def __init__(self, prefix: str = "") -> None:
        def topic(name: str, key: Key, days: int | None, written_by: str) -> Topic:
            kept = None if days is None else days * DAY_MS
            return Topic(prefix + name, key, kept, written_by)

        self.clickstream = topic("clickstream", "user", 7, "producers")
        self.searches = topic("searches", "user", 7, "producers")
        self.social = topic("social", "user", 7, "producers")
        self.items = topic("items", "item", None, "producers")
        self.users = topic("users", "user", None, "producers")
        self.events = topic("recaug.events", "user", 30, "clean")
        self.clean_items = topic("recaug.items", "item", None, "clean")
        self.clean_users = topic("recaug.users", "user", None, "clean")
        self.item_vectors = topic("recaug.item-vectors", "item", None, "learn")
        self.dead_letters = topic("recaug.dead-letters", "user", 14, "clean")
        self.models = topic("recaug.models", "model", None, "learn")
        self.metrics = topic("recaug.metrics", "model", 7, "recommend")
        self.pulses = Topic(prefix + "recaug.pulses", "worker", HOUR_MS, SERVICES)
        self.recommendations = topic("recommendations", "user", 1, "recommend")

    @cached_property
    def all(self) -> tuple[Topic, ...]:
        return tuple(vars(self)[name] for name in vars(self) if isinstance(vars(self)[name], Topic))

    @property
    def inputs(self) -> tuple[Topic, ...]:
        """What producers write and clean reads."""
        return (self.clickstream, self.searches, self.social, self.items, self.users)

    @property
    def from_clean(self) -> tuple[Topic, ...]:
        """What clean writes: for every input record but a resend, one record in one of them."""
        return tuple(topic for topic in self.all if topic.written_by == "clean")

    @property
    def behaviour(self) -> tuple[Topic, ...]:
        """The inputs that carry events, each of which ends in exactly one place."""
        return (self.clickstream, self.searches, self.social)
