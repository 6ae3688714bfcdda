"""Writes by hand what producers and services would write, right or wrong."""

from __future__ import annotations

import json
from typing import Any

from kafka import KafkaProducer

from recaug.events import recommendation_id
from recaug.settings import Settings

Place = tuple[int, int]


class Hand:
    """One method for every record of the ledger; each returns where it went."""

    def __init__(self, settings: Settings, client: KafkaProducer) -> None:
        self.topics, self.client = settings.topics, client
        self.places: dict[str, Place] = {}

    # -- producers ------------------------------------------------------------------------------

    def publish(self, event_id: str, event: str = "click", user: str = "u1") -> str:
        """Return the source coordinates of an input event."""
        return self.raw(json.dumps(event_of(event_id, event, user)).encode(), user)

    def raw(self, value: bytes, user: str = "u1") -> str:
        return self.to(self.topics.clickstream.name, value, user)

    def to(self, topic: str, value: bytes | None, key: str) -> str:
        sent = self.client.send(topic, value, key=key.encode()).get(10)
        return f"{sent.topic}:{sent.partition}:{sent.offset}"

    # -- clean ----------------------------------------------------------------------------------

    def accept(
        self,
        event_id: str,
        source: str | None,
        event: str = "click",
        user: str = "u1",
        partition: int | None = None,
    ) -> Place:
        value = json.dumps(event_of(event_id, event, user)).encode()
        headers = [] if source is None else [("src", source.encode())]
        place = self._send(self.topics.events.name, value, headers, user, partition)
        self.places.setdefault(event_id, place)
        return place

    def reject(self, source: str, reason: str, value: bytes) -> None:
        topic, partition, offset = source.rsplit(":", 2)
        told = {"exception": reason, "topic": topic, "partition": partition, "offset": offset}
        headers = [(f"__streams.errors.{name}", text.encode()) for name, text in told.items()]
        self._send(self.topics.dead_letters.name, value, headers)

    def document(self, topic: str, key: str, source: str, value: bytes | None = b"{}") -> Place:
        return self._send(topic, value, [("src", source.encode())], key)

    # -- recommend ------------------------------------------------------------------------------

    def answer(
        self,
        event_id: str,
        version: str | None = None,
        fallback: str | None = None,
        user: str = "u1",
        at: Place | None = None,
        **fields: Any,
    ) -> Place:
        partition, offset = at or self.places[event_id]
        source = {
            "event_id": event_id, "topic": self.topics.events.name,
            "partition": partition, "offset": offset,
        }  # fmt: skip
        message = {
            "recommendation_id": recommendation_id(event_id),
            "source_event": source,
            "model": {"name": "main", "version": version},
            "fallback": fallback,
            **fields,
        }
        return self._send(self.topics.recommendations.name, json.dumps(message).encode(), [], user)

    # -- learn ----------------------------------------------------------------------------------

    def model(
        self, version: str, promoted: bool = True, parent: str | None = None, own: bool = True
    ) -> None:
        """`own=False`: a rollback, which is announced under the model's name alone."""
        told = {
            "name": "main",
            "version": version,
            "parent": parent,
            "promoted": promoted,
            "reason": "better than popularity" if promoted else "worse than the champion",
            "events": 2_000,
            "metrics": {"ndcg@10": 0.25},
            "train_seconds": 3.5,
            "device": "cpu",
            "created_at": "2026-01-01T00:00:00Z",
            "manifest_sha256": None,
        }
        value = json.dumps(told).encode()
        for key in [*([f"main/{version}"] if own else []), *(["main"] if promoted else [])]:
            self.client.send(self.topics.models.name, value, key=key.encode()).get(10)

    def _send(
        self,
        topic: str,
        value: bytes | None,
        headers: list[tuple[str, bytes]],
        user: str = "u1",
        partition: int | None = None,
    ) -> Place:
        sent = self.client.send(
            topic, value, key=user.encode(), headers=headers, partition=partition
        ).get(10)
        return sent.partition, sent.offset


def event_of(event_id: str, event: str = "click", user: str = "u1") -> dict[str, Any]:
    item = {"item_id": f"item of {event_id}"}
    ids = {"items": [item]} if event == "impression" else item
    # A time long past is in nobody's future, whenever the test runs.
    return {
        "event": event,
        "event_id": event_id,
        "timestamp": 1_764_000_000_000,
        "user_id": user,
        **ids,
    }
