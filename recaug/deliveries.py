"""Lists as a consumer group hands them out: one at a time, and committed when handled.

Everything that is in memory and not handled is read again by whoever comes next: nothing is lost,
and what was under way when a process died is told twice.
"""

from __future__ import annotations

import time
from collections import Counter, deque
from typing import Any

from kafka import TopicPartition
from kafka.errors import CommitFailedError, KafkaError, RebalanceInProgressError
from kafka.structs import OffsetAndMetadata

from recaug.connect import broker_of
from recaug.errors import Failure, Unreachable, no_topic
from recaug.events.recommendation import Recommendation
from recaug.kafka import Record, consumer, to_record
from recaug.security import Broker
from recaug.sieve import Erased, Sieve

#: Least time between commits while lists come; idle, and at the end, all is committed at once.
COMMIT_S = 0.5
#: How long to wait for records at a time: as long does `close` wait for whoever is waiting.
POLL_S = 0.2
#: How long the end may take.
CLOSE_S = 10.0


class Deliveries:
    """A member of a group. `take` and `done` take turns; `fill` blocks, and alone talks to Kafka.

    `fill` may be called from another thread than the rest, but never twice at once.
    """

    def __init__(
        self, broker: Broker | str, group: str, topics: list[str], sieve: Sieve, timeout_s: float
    ) -> None:
        """
        :raises Failure: a topic does not exist.
        :raises Unreachable: no broker answered within `timeout_s`.
        """
        self._broker = broker_of(broker)
        self._sieve = sieve
        self._unread: deque[Record] = deque()
        self._in_hand: tuple[Record, Recommendation | Erased] | None = None
        self._handled: dict[TopicPartition, int] = {}
        self._committed_s = time.monotonic()
        self._client = consumer(
            self._broker, timeout_s, group_id=group, allow_auto_create_topics=False
        )
        try:
            self._subscribe(topics)
        except BaseException:
            self._client.close()
            raise

    @property
    def skipped(self) -> Counter[str]:
        return self._sieve.skipped

    def take(self) -> Recommendation | Erased | None:
        """What is to be handled next, and the same again until `done`; None: nothing is here."""
        while self._in_hand is None and self._unread:
            record = self._unread.popleft()
            found = self._sieve.take(record, time.time_ns() // 1_000_000)
            if found is None:
                self._pass(record)
            else:
                self._in_hand = record, found
        return None if self._in_hand is None else self._in_hand[1]

    def done(self) -> None:
        """What was taken last is handled."""
        if self._in_hand is not None:
            self._pass(self._in_hand[0])
            self._in_hand = None

    def fill(self) -> None:
        """Wait up to `POLL_S` for records; commits what is due, for a rebalance happens here."""
        if time.monotonic() - self._committed_s >= COMMIT_S:
            self._commit()
        found = self._poll()
        for records in found.values():
            self._unread.extend(map(to_record, records))
        if not found:
            self._commit()

    def close(self) -> None:
        """Commit what is handled and leave the group; what is in hand is left to the next.

        :raises Unreachable: it could not be committed, and will be told again.
        """
        try:
            self._commit_last()
        finally:
            self._client.close(autocommit=False, timeout_ms=int(CLOSE_S * 1_000))

    def _subscribe(self, topics: list[str]) -> None:
        for topic in topics:
            if not self._client.partitions_for_topic(topic):
                raise no_topic(topic)
        self._client.subscribe(topics)

    def _pass(self, record: Record) -> None:
        self._handled[TopicPartition(record.topic, record.partition)] = record.offset + 1

    def _commit(self) -> bool:
        """Commit what is handled; False: not now, the group is sharing out its partitions."""
        handled = dict(self._handled)
        self._committed_s = time.monotonic()
        if not handled:
            return True
        try:
            self._client.commit({at: OffsetAndMetadata(n, "", -1) for at, n in handled.items()})
        except RebalanceInProgressError:
            return False
        except CommitFailedError:
            # Taken away after too long a silence: whoever has the partitions reads them again.
            self._unread.clear()
        except KafkaError as error:
            raise self._uncommitted(f"says {type(error).__name__}") from error
        # Not before: a signal may have ended the attempt.
        self._handled = {at: n for at, n in self._handled.items() if handled.get(at) != n}
        return True

    def _commit_last(self) -> None:
        deadline = time.monotonic() + CLOSE_S
        while not self._commit():
            if time.monotonic() > deadline:
                raise self._uncommitted("has not shared out the partitions")
            # What this returns is not handled, and so is left to the next member.
            self._poll()

    def _poll(self) -> dict[TopicPartition, list[Any]]:
        try:
            found: dict[TopicPartition, list[Any]] = self._client.poll(int(POLL_S * 1_000))
        except KafkaError as error:  # one that time does not mend
            raise Failure(
                "recommendations cannot be read",
                f"Kafka at {self._broker} says {type(error).__name__}",
                "let this principal read the topics and the group   (docs/security.md)",
            ) from error
        return found

    def _uncommitted(self, why: str) -> Unreachable:
        return Unreachable(
            "what was handled is not committed",
            f"Kafka at {self._broker} {why}: it will be told again",
            "recaug doctor",
        )
