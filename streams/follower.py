"""Reads whole topics, outside any group, for what every worker must know: items, models, trends.

A thread of its own: each partition is read from its beginning (or its last `tail` records) and then
followed for ever. Handlers run on this thread.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from recaug.confluent import headers_of
from recaug.connect import broker_of
from recaug.security import Broker, librdkafka_options
from streams.agent import die
from streams.logs import logger

log = logger(__name__)

#: What a broker says about a topic that was made a moment ago.
JUST_MADE = (
    KafkaError.NOT_LEADER_FOR_PARTITION,
    KafkaError.LEADER_NOT_AVAILABLE,
    KafkaError.UNKNOWN_TOPIC_OR_PART,
)


@dataclass(frozen=True, slots=True)
class Followed:
    """One record of a followed topic; the value None deletes what the key names."""

    key: str
    value: bytes | None
    headers: Mapping[str, bytes]
    appended_ms: int = 0


Handler = Callable[[Followed], None]


@dataclass(frozen=True, slots=True)
class Source:
    """A topic to follow; `tail`: begin that many records before the end, None: all of it."""

    handle: Handler
    tail: int | None = None


class Follower:
    """Follows `sources` (by topic name) from `start()` on; ends the process when it cannot."""

    def __init__(self, broker: Broker | str, sources: Mapping[str, Source]) -> None:
        self._sources = sources
        self._consumer = Consumer(
            {
                **librdkafka_options(broker_of(broker)),
                "group.id": "recaug-follower",  # asked for even when no group is joined
                "enable.auto.commit": False,
                "auto.offset.reset": "earliest",
                # Nobody waits for what comes this way: ten answers a second will do, not one for
                # each event.
                "fetch.wait.max.ms": 100,
                "fetch.min.bytes": 2**16,
                # While a broker is away it would print a line per attempt, twenty a second.
                "log_level": 2,
            }
        )
        self._open = True
        self._behind: dict[tuple[str, int], int] = {}
        self._caught_up = threading.Event()
        self._thread = threading.Thread(target=self._run, name="follower", daemon=True)

    def start(self, patience_s: float = 30.0) -> bool:
        """Begin; wait until all that was there has been handled. False: not within `patience_s`."""
        self._assign()
        self._thread.start()
        return self._caught_up.wait(patience_s)

    @property
    def caught_up(self) -> bool:
        """Whether all that was there at the start has been handled."""
        return self._caught_up.is_set()

    def close(self) -> None:
        """Stop following."""
        self._open = False
        self._thread.join()
        self._consumer.close()

    def _assign(self) -> None:
        topics = self._consumer.list_topics(timeout=20).topics
        begins = []
        for name, source in self._sources.items():
            for partition in topics[name].partitions:
                begins.append(self._begin(name, partition, source))
        self._consumer.assign(begins)

    def _begin(self, name: str, partition: int, source: Source) -> TopicPartition:
        low, high = self._watermarks(TopicPartition(name, partition))
        at = low if source.tail is None else max(low, high - source.tail)
        if at < high:
            self._behind[name, partition] = high
        return TopicPartition(name, partition, at)

    def _watermarks(self, at: TopicPartition, patience_s: float = 20.0) -> tuple[int, int]:
        deadline = time.monotonic() + patience_s
        while True:
            try:
                return self._consumer.get_watermark_offsets(at, timeout=20)
            except KafkaException as refused:
                if time.monotonic() > deadline or refused.args[0].code() not in JUST_MADE:
                    raise
                time.sleep(0.1)

    def _run(self) -> None:
        try:
            while self._open:
                self._handle(self._consumer.consume(500, 0.2))
        except Exception:
            log.critical("the follower failed", exc_info=True)
            die("what every worker must know can no longer be followed")

    def _handle(self, messages: list[Message]) -> None:
        for message in messages:
            trouble = message.error()
            if trouble is not None:
                self._troubled(trouble)
                continue
            self._sources[message.topic() or ""].handle(_followed(message))
        self._mark_caught_up()

    def _troubled(self, trouble: KafkaError) -> None:
        if trouble.fatal():
            raise KafkaException(trouble)
        log.warning("follower: %s", trouble)  # it retries by itself
        time.sleep(0.1)

    def _mark_caught_up(self) -> None:
        if self._caught_up.is_set():
            return
        # Positions, not records: the last records of a compacted topic may be gone.
        for at in self._consumer.position([TopicPartition(*at) for at in self._behind]):
            if at.offset >= self._behind[at.topic, at.partition]:
                del self._behind[at.topic, at.partition]
        if not self._behind:
            self._caught_up.set()


def _followed(message: Message) -> Followed:
    headers: Any = headers_of(message)
    key, (_, appended_ms) = message.key() or b"", message.timestamp()
    return Followed(key.decode(errors="replace"), message.value(), dict(headers), appended_ms)
