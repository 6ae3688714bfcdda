"""`python -m bench.peers.stock clean|recommend`: both stages as Faust's documentation writes them.

One event at a time, `await topic.send(…)` for the output, whose delivery is not awaited. Beside
ours it leaves out: resends, floods and bots, dead letters, where an event came from, headers;
durable state, popularity, lists that are filled up, reasons. History is a dict in memory.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections import defaultdict
from typing import Any

import faust
import orjson

from recaug.events import parse_event, to_bytes, user_key
from recaug.settings import Settings

settings = Settings()


def application(name: str) -> faust.App:
    return faust.App(
        settings.group(f"stock-{name}"),
        broker=f"kafka://{settings.kafka}",
        store="memory://",
        web_enabled=False,
        consumer_auto_offset_reset="earliest",
        topic_disable_leader=True,
        topic_allow_declare=False,
        datadir=tempfile.mkdtemp(prefix="recaug-stock-", dir=settings.data_dir),
    )


def clean() -> faust.App:
    app = application("clean")
    source = app.topic(settings.topics.clickstream.name, value_serializer="raw")
    name = os.environ.get("BENCH_OUTPUT", settings.topics.events.name)
    target = app.topic(name, value_serializer="raw")

    @app.agent(source)  # type: ignore[untyped-decorator]
    async def judge(stream: faust.Stream[bytes]) -> None:
        async for value in stream:
            event = parse_event(value, (), 2**53)
            await target.send(key=user_key(event), value=to_bytes(event))

    return app


def recommend() -> faust.App:
    app, scorer = application("recommend"), _scorer()
    source = app.topic(settings.topics.events.name, value_serializer="raw")
    target = app.topic(settings.topics.recommendations.name, value_serializer="raw")
    histories: dict[str, list[tuple[int, int]]] = defaultdict(list)

    @app.agent(source)  # type: ignore[untyped-decorator]
    async def answer(stream: faust.Stream[bytes]) -> None:
        async for value in stream:
            event = orjson.loads(value)
            history = histories[event["user_id"]]
            history.append((scorer.table.rows[event["item_id"]], event["timestamp"]))
            del history[: -settings.history]
            message = {
                "source_event": {"event_id": event["event_id"]},
                "items": _list(scorer, history),
            }
            await target.send(key=event["user_id"], value=orjson.dumps(message))

    return app


def _scorer() -> Any:
    """Ours, so that both sides run the same graph in the same way."""
    from recaug.registry import Registry
    from recaug.score import Scorer
    from recaug.signing import Keys

    registry = Registry(settings.registry, Keys.of(settings))
    champion = registry.champion(settings.model)
    assert champion is not None
    return Scorer.load(registry.open(settings.model, champion), settings)


def _list(scorer: Any, history: list[tuple[int, int]]) -> list[int]:
    from recaug.batch import build, pad

    rows, times = [row for row, _ in history], [at for _, at in history]
    batch = build([(rows, [1] * len(rows), times)], [int(time.time() * 1000)], settings.history)
    _, found = scorer.score(batch, pad([rows]), settings.list_size)
    best: list[int] = found[0].tolist()
    return best


if __name__ == "__main__":
    stage = {"clean": clean, "recommend": recommend}[sys.argv[1]]()
    sys.argv[1:] = ["worker", "--without-web", "-l", "error"]
    stage.main()
