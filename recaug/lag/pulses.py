"""What every worker said last of itself, from `recaug.pulses`."""

from __future__ import annotations

from types import TracebackType
from typing import Any, Self

from kafka import TopicPartition
from kafka.errors import KafkaError
from pydantic import ValidationError

from recaug.follow import stand, unread
from recaug.kafka import consumer
from recaug.pulse import FRESH_S, Pulse
from recaug.settings import Settings

#: How long one look may take, seconds.
LOOK_S = 1.0

#: Workers remembered, most: anybody may write to a topic.
WORKERS = 1_000


class Pulses:
    """The newest pulse of each worker that lives; keeps its connection open between looks.

    Where the topic is not there or may not be read, no worker says anything.
    """

    def __init__(self, settings: Settings) -> None:
        self._topic = settings.topics.pulses.name
        self._broker = settings.broker
        self._reader: Any = None
        self._newest: dict[tuple[str, str], tuple[int, Pulse]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        if self._reader is not None:
            self._reader.close()

    def fresh(self, now_ms: int) -> list[Pulse]:
        """Return the newest pulse of each worker that was heard of within `FRESH_S`."""
        since_ms = now_ms - int(FRESH_S * 1000)
        try:
            self._look(since_ms)
        except KafkaError:
            return []  # not ours to read
        self._newest = {who: told for who, told in self._newest.items() if told[0] >= since_ms}
        return [pulse for _, pulse in sorted(self._newest.values(), key=lambda told: _who(told[1]))]

    def _look(self, since_ms: int) -> None:
        if self._reader is None:
            self._reader = consumer(self._broker, max_poll_records=5_000)
        if not self._reader.assignment():
            self._stand(since_ms)
        for record in unread(self._reader, LOOK_S):
            self._note(record)

    def _stand(self, since_ms: int) -> None:
        # Asking for one topic by name would make some brokers create it.
        known = self._topic in self._reader.topics()
        numbers = self._reader.partitions_for_topic(self._topic) if known else None
        places = [TopicPartition(self._topic, number) for number in sorted(numbers or ())]
        self._reader.assign(places)
        stand(self._reader, places, since_ms)

    def _note(self, record: Any) -> None:
        try:
            pulse = Pulse.model_validate_json(record.value or b"")
        except ValidationError:
            return  # anybody may write to a topic
        if _who(pulse) in self._newest or len(self._newest) < WORKERS:
            self._newest[_who(pulse)] = (record.timestamp, pulse)


def _who(pulse: Pulse) -> tuple[str, str]:
    return pulse.service, pulse.worker
