"""Publish events and documents: each goes to its topic under its user's or item's key.

>>> with Producer("127.0.0.1:9092") as producer:                            # doctest: +SKIP
...     producer.send({"event": "click", "event_id": "e1", "timestamp": 1764000000000,
...                    "user_id": "u1", "item_id": "i7"})
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self

import orjson
from kafka.errors import (
    KafkaTimeoutError,
    MessageSizeTooLargeError,
    UnknownTopicOrPartitionError,
)
from pydantic import BaseModel

from recaug import kafka
from recaug.bounds import Bound, hit
from recaug.connect import broker_of
from recaug.errors import Failure, Unreachable
from recaug.events import to_bytes
from recaug.events.aliases.said import Said, said
from recaug.events.kinds import SOCIAL
from recaug.security import Broker
from recaug.topics import Topic, Topics

#: Messages sent and not yet known to be stored, at most; `send` then waits for them.
IN_FLIGHT = 20_000
_FLUSH_S = 60.0

Sendable = Mapping[str, Any] | BaseModel | bytes | None


class Producer:
    """Idempotent producer with `acks=all` and Kafka's own partitioner.

    What could not be stored is told by `flush` (and by `close`, which flushes): a message is safe
    once a `flush` after it has returned.
    """

    def __init__(
        self, broker: Broker | str, prefix: str = "", linger_ms: int = 5, timeout_s: float = 10.0
    ) -> None:
        """
        :param broker: `Settings().broker`; for an address alone, all else as `RECAUG_KAFKA_*` say.
        :param prefix: put before every topic name.
        :param linger_ms: how long a message may wait for others to travel with it.

        :param timeout_s: how long to wait for a broker, and later for news of a topic.

        :raises Unreachable: no broker answered within `timeout_s`.
        """
        self.topics = Topics(prefix)
        self._broker = broker_of(broker)
        self._client = kafka.producer(
            self._broker,
            timeout_s,
            linger_ms=linger_ms,
            batch_size=131_072,
            max_block_ms=int(timeout_s * 1_000),
        )
        self._sent: deque[Any] = deque()

    def topic_of(self, event: str) -> Topic:
        """The topic of events called `event`; `clickstream` for a name it has never heard of."""
        if event in SOCIAL:
            return self.topics.social
        return self.topics.searches if event == "search" else self.topics.clickstream

    def send(
        self,
        message: Sendable,
        topic: Topic | None = None,
        key: str | None = None,
        headers: list[tuple[str, bytes]] | None = None,
    ) -> Any:
        """Hand over one message; return kafka-python's future of its place in the log.

        An event goes to `clickstream`, `searches` or `social`, a document to `items` or `users`,
        in our fields or in any dialect of `recaug.events.aliases`. Bytes are sent as they are;
        with a `topic` they are not even looked at, so give the `key` too. None deletes the
        document `key` of `topic`.

        :raises ValueError: nothing says where the message belongs.
        :raises Failure: the topic does not exist, the message is larger than a megabyte, or
            earlier messages could not be stored.
        """
        fields = _fields(message) if topic is None or not isinstance(message, bytes) else {}
        about = said(fields)
        topic = topic or self._route(fields, about)
        key = key or _key(fields, topic, about)
        if len(self._sent) >= IN_FLIGHT:
            hit(Bound.IN_FLIGHT)
            self.flush()
        try:
            future = self._client.send(
                topic.name,
                value=_value(message),
                key=None if key is None else key.encode(),
                headers=headers,
            )
        except KafkaTimeoutError as error:
            raise self._no_topic(topic.name) from error
        except MessageSizeTooLargeError as error:
            hit(Bound.MESSAGE)
            raise Failure(
                f"a message for {topic.name} is too large", f"{error}", "send 64 KiB at most"
            ) from error
        self._sent.append(future)
        return future

    def flush(self, timeout_s: float = _FLUSH_S) -> None:
        """Wait until everything sent is stored.

        :raises Unreachable: it is not within `timeout_s`.
        :raises Failure: the broker refused a message; says how many, and why the first was.
        """
        try:
            self._client.flush(timeout=timeout_s)
        except KafkaTimeoutError as error:
            raise Unreachable(
                f"{len(self._sent):,} messages are not stored",
                f"Kafka at {self._broker} did not take them within {timeout_s:.0f} s",
                "recaug doctor",
            ) from error
        sent, self._sent = self._sent, deque()
        refused = [future for future in sent if future.failed()]
        if refused:
            raise self._refused(len(refused), refused[0].exception)

    def close(self) -> None:
        """Flush, then disconnect; the connection goes even if the flush fails."""
        try:
            self.flush()
        finally:
            self._client.close(timeout=5)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        if error is None:
            self.close()
        else:
            self._client.close(timeout=1)

    def _route(self, fields: Mapping[str, Any], about: Said | str) -> Topic:
        event = about.kind if isinstance(about, Said) else fields.get("event")
        if event == "item" or event == "user":
            return self.topics.items if event == "item" else self.topics.users
        if isinstance(event, str):
            return self.topic_of(event)
        if "item_id" in fields:
            return self.topics.items
        if "user_id" in fields:
            return self.topics.users
        raise ValueError("neither an event (`event`) nor a document (`item_id`, `user_id`)")

    def _refused(self, count: int, first: BaseException) -> Failure:
        if isinstance(first, UnknownTopicOrPartitionError):
            return self._no_topic("a topic")
        if isinstance(first, KafkaTimeoutError):
            return Unreachable(f"{count:,} messages were not stored", f"{first}", "recaug doctor")
        why = f"the broker says {type(first).__name__}: {first}"
        return Failure(f"{count:,} messages were not stored", why, "recaug doctor")

    def _no_topic(self, name: str) -> Failure:
        return Failure(
            f"{name} is not there",
            f"Kafka at {self._broker} does not know it; the services create every topic",
            "start them first: recaug up   (a prefix? set RECAUG_PREFIX as they have it)",
        )


def _fields(message: Sendable) -> dict[str, Any]:
    if isinstance(message, BaseModel):
        return message.__dict__
    found = orjson.loads(message) if isinstance(message, bytes) else message or {}
    if not isinstance(found, Mapping):
        raise ValueError("not a JSON object: name the topic and the key to send it all the same")
    return dict(found)


def _key(fields: Mapping[str, Any], topic: Topic, about: Said | str) -> str | None:
    if isinstance(about, Said) and (about.kind == "item") == (topic.key == "item"):
        return about.key
    if topic.key == "item":
        found = fields.get("item_id")
    else:
        found = fields.get("user_id") or fields.get("anonymous_id")
    return str(found) if isinstance(found, str | int) else None


def _value(message: Sendable) -> bytes | None:
    if message is None or isinstance(message, bytes):
        return message
    return to_bytes(message) if isinstance(message, BaseModel) else orjson.dumps(message)
