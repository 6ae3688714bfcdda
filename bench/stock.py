"""The peer of the ingest bench: the clean stage as Faust's documentation would write it."""

from __future__ import annotations

import sys

import faust

from recaug.events import parse_event, to_bytes, user_key
from recaug.settings import Settings

settings = Settings()
app = faust.App(
    settings.group("stock"),
    broker=f"kafka://{settings.kafka}",
    store="memory://",
    web_enabled=False,
    consumer_auto_offset_reset="earliest",
    topic_disable_leader=True,
    topic_allow_declare=False,
)
source = app.topic(settings.topics.clickstream.name, value_serializer="raw")
target = app.topic(settings.topics.events.name, value_serializer="raw")


@app.agent(source)  # type: ignore[untyped-decorator]
async def clean(stream: faust.Stream[bytes]) -> None:
    async for value in stream:
        event = parse_event(value, (), 2**53)
        await target.send(key=user_key(event), value=to_bytes(event))


if __name__ == "__main__":
    sys.argv[1:] = ["worker", "--without-web", "-l", "error"]
    app.main()
