"""Records as the services write them, for the tests of the page."""

from __future__ import annotations

from typing import Any

import orjson

from recaug.events import recommendation_id
from recaug.kafka import Record
from recaug.topics import Topics

TOPICS = Topics()


def record(topic: str, key: str | None, value: Any, at_ms: int = 0, **headers: str) -> Record:
    """A record; `value` is JSON unless it is bytes or None."""
    return Record(
        topic=topic,
        partition=0,
        offset=0,
        timestamp_ms=at_ms,
        key=None if key is None else key.encode(),
        value=value if value is None or isinstance(value, bytes) else orjson.dumps(value),
        headers=tuple((name, text.encode()) for name, text in headers.items()),
    )


def click(user: str, event_id: str, item: str, at_ms: int = 0, topics: Topics = TOPICS) -> Record:
    return record(topics.clickstream.name, user, event(user, event_id, item), at_ms)


def event(user: str, event_id: str, item: str) -> dict[str, Any]:
    return {
        "event": "click",
        "event_id": event_id,
        "timestamp": 1_764_000_000_000,
        "user_id": user,
        "item_id": item,
    }


def cleaned(user: str, event_id: str, item: str, at_ms: int = 0) -> Record:
    return record(TOPICS.events.name, user, event(user, event_id, item), at_ms)


def document(item: str, name: str) -> Record:
    return record(TOPICS.clean_items.name, item, {"item_id": item, "name": name})


def answer(event_id: str, *items: str, because: str | None = None, **fields: Any) -> dict[str, Any]:
    """A recommendation message; every item has the same reason."""
    reason = {"code": "popular"}
    if because is not None:
        reason = {"code": "similar_to_recent_click", "item_id": because}
    return {
        "recommendation_id": recommendation_id(event_id),
        "source_event": {"event_id": event_id, "event": "click"},
        "model": {"name": "main", "version": "v1", "provider": "cpu", "precision": "fp32"},
        "fallback": None,
        "items": [
            {"item_id": item, "index": index, "score": 1.0 - index / 10, "reasons": [reason]}
            for index, item in enumerate(items)
        ],
        **fields,
    }


def answered(user: str, message: dict[str, Any], at_ms: int = 0) -> Record:
    return record(TOPICS.recommendations.name, user, message, at_ms)
