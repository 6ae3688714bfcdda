"""Say what happens to the model while an instance runs: one line per attempt."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import orjson
from kafka import TopicPartition
from kafka.errors import KafkaError

from recaug.kafka import consumer, end_offsets
from recaug.settings import Settings

EVERY_S = 1.0


class News:
    """Follows the topic of models from now on; polled by the loop that keeps things running."""

    def __init__(self, settings: Settings, say: Callable[[str], None]) -> None:
        self._say = say
        self._next_s = 0.0
        ends = end_offsets(settings.broker, [settings.topics.models.name])
        self._consumer = consumer(settings.broker)
        self._consumer.assign([TopicPartition(*at) for at in ends])
        for at, offset in ends.items():
            self._consumer.seek(TopicPartition(*at), offset)

    def poll(self, now_s: float) -> None:
        """Say what is new; at most once a second, and silent while the broker is away."""
        if now_s < self._next_s:
            return
        self._next_s = now_s + EVERY_S
        try:
            batches = self._consumer.poll(timeout_ms=0)
        except KafkaError:
            return
        for records in batches.values():
            for record in records:
                if record.key is not None and b"/" in record.key and record.value is not None:
                    self._say(attempt(orjson.loads(record.value)))

    def close(self) -> None:
        self._consumer.close()


def attempt(told: dict[str, Any]) -> str:
    """Return one line about an attempt at a model."""
    fate = "promoted" if told["promoted"] else "not promoted"
    return (
        f"model {told['version']} {fate}: {told['reason']} "
        f"({told['events']:,} events, {told['train_seconds']:.1f} s on {told['device']})"
    )
