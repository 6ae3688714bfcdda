"""Lists as recommend writes them, with all headers, for whoever reads them."""

from __future__ import annotations

import time
from collections.abc import Iterable

from recaug.message import Answer, Ranked, Request, Stages, Writer
from recaug.producer import Producer
from recaug.settings import Settings

HOUR_S = 3_600.0


def answer(
    user: str,
    name: str,
    items: Iterable[str] = ("a",),
    *,
    lives_s: float = HOUR_S,
    made_ms: int | None = None,
    event: str = "click",
    model: str = "v1",
) -> Answer:
    """The answer to an event whose id is `name`, made now, good for `lives_s`; below 0: expired."""
    now_ms = time.time_ns() // 1_000_000 if made_ms is None else made_ms
    asked = {"event": event, "event_id": name, "timestamp": now_ms, "user_id": user}
    request = Request(asked, None, "recaug.events", 0, 7, float(now_ms))
    ranked = [
        {"item_id": item, "index": place, "score": 1.0, "retriever": "model", "reasons": []}
        for place, item in enumerate(items)
    ]
    about = {"name": "main", "version": model, "provider": "cpu", "precision": "fp32"}
    writer = Writer(about, Stages(float(now_ms), 1.0, 1.0, 2.0), lives_s)
    return writer.write(request, Ranked(ranked, len(ranked), None))


def publish(settings: Settings, *answers: Answer) -> None:
    """Put them into `recommendations`, in their order."""
    topic = settings.topics.recommendations
    with Producer(settings.kafka, settings.prefix) as producer:
        for one in answers:
            producer.send(one.value, topic, one.key.decode(), one.headers)
