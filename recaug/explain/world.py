"""What a worker knew of items when it made a list, as far as the topics still tell."""

from __future__ import annotations

from collections import defaultdict

import numpy as np
import orjson

from recaug.audit.bulk import read_range
from recaug.events import items_of, user_key
from recaug.explain.edges import Edges
from recaug.kafka import Record
from recaug.live import TREND_EVENTS, Live
from recaug.settings import Settings


def world(settings: Settings, edges: Edges, at_ms: int) -> Live:
    """Return documents and text vectors as they are now, and the events before a time.

    :raises Unreachable: the broker does not answer.
    """
    live = Live(settings)
    topics, broker = settings.topics, settings.broker
    for record in read_range(broker, *edges.of(topics.clean_items.name)):
        live.item(_key(record), None if record.value is None else orjson.loads(record.value))
    for record in read_range(broker, *edges.of(topics.item_vectors.name)):
        vector = None if record.value is None else np.frombuffer(record.value, "<f2")
        live.vector(_key(record), vector)
    for record in _trend(settings, edges, at_ms):
        event = orjson.loads(record.value or b"{}")
        if items := items_of(event):
            live.count(items, event["timestamp"], user_key(event))
    return live


def _key(record: Record) -> str:
    return (record.key or b"").decode(errors="replace")


def _trend(settings: Settings, edges: Edges, at_ms: int) -> list[Record]:
    """The newest events appended up to a time, in order of time.

    More are read than are wanted, for there are newer ones too; a list is explained soon.
    """
    starts, ends = edges.of(settings.topics.events.name)
    begin = {at: max(starts[at], end - 2 * TREND_EVENTS) for at, end in ends.items()}
    found = defaultdict[int, list[Record]](list)
    for record in read_range(settings.broker, begin, ends):
        if record.timestamp_ms <= at_ms:
            found[record.partition].append(record)
    newest = [record for records in found.values() for record in records[-TREND_EVENTS:]]
    return sorted(newest, key=lambda record: record.timestamp_ms)
