"""What a producer sends, and a maker of such records with ids of their own."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, NamedTuple

from recaug.clean import RawRecord

Headers = tuple[tuple[str, bytes], ...]


class Sent(NamedTuple):
    """One record; `partition` None: where its key leads."""

    topic: str
    key: bytes | None
    value: bytes | None
    headers: Headers = ()
    partition: int | None = None

    def raw(self, offset: int, arrived_ms: int) -> RawRecord:
        """As clean reads it from partition 0 (or its own)."""
        return RawRecord(
            self.topic, self.partition or 0, offset, self.key, self.value, self.headers, arrived_ms
        )


@dataclass(frozen=True, slots=True)
class Maker:
    """Makes records; `tag` is in their ids, `now_ms` is when they happen."""

    tag: str
    now_ms: int

    @property
    def user(self) -> str:
        return f"u-{self.tag}"

    def body(self, event: str | None = "click", **changes: Any) -> dict[str, Any]:
        """An event's fields; a change to None takes a field out."""
        about = {"item_id": "sku-1"} if event == "click" else {}
        common = {"event": event, "event_id": f"e-{self.tag}", "timestamp": self.now_ms}
        body = {**common, "user_id": self.user, **about, **changes}
        return {name: value for name, value in body.items() if value is not None}

    def event(self, event: str | None = "click", **changes: Any) -> Sent:
        return self.value(_json(self.body(event, **changes)))

    def value(self, value: bytes | None, **more: Any) -> Sent:
        """A record of the clickstream with any value at all."""
        return Sent(**{"topic": "clickstream", "key": self.user.encode(), "value": value, **more})

    def text(self, **changes: Any) -> bytes:
        """A click's bytes, to be damaged."""
        return _json(self.body(**changes))

    def search(self, **changes: Any) -> Sent:
        return self.event("search", **changes)._replace(topic="searches")

    def social(self, event: str, **changes: Any) -> Sent:
        about = {"target_type": "item", "target_id": "sku-1", **changes}
        return self.event(event, **about)._replace(topic="social")

    def item(self, key: bytes | None, **changes: Any) -> Sent:
        body = {"item_id": f"i-{self.tag}", "timestamp": self.now_ms, **changes}
        return Sent("items", key, _json(body))


def _json(body: dict[str, Any]) -> bytes:
    return json.dumps(body, ensure_ascii=False).encode("utf-8", "surrogatepass")
