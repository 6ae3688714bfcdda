"""A user's history as it was when an event of theirs was answered: folded again from the log."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import orjson

from recaug.audit.bulk import read_range
from recaug.events import items_of
from recaug.explain.edges import Edges
from recaug.explain.find import backwards
from recaug.history import History
from recaug.kafka import Record
from recaug.settings import Settings

#: Records of the partition looked at first, and altogether.
FIRST_LOOK, MOST = 20_000, 2_000_000


@dataclass(slots=True)
class Past:
    """What was known of a user; `notes` say what is not certain.

    erased  the user was erased after the answer, so nothing is told of them
    """

    history: History
    events: int = 0
    exact: bool = True
    erased: bool = False
    notes: list[str] = field(default_factory=list)


def past(settings: Settings, edges: Edges, source: dict[str, Any], user: str) -> Past:
    """Fold the user's events up to the answered one, which is at the place `source`.

    :raises Unreachable: the broker does not answer.
    """
    found = Past(History(settings.history))
    nulls = _erasures(settings, edges, user)
    records, whole = _records(settings, edges, source, user)
    answered_ms = records[-1].timestamp_ms if records else 0
    found.erased = any(at_ms >= answered_ms for at_ms in nulls)
    if found.erased:
        return found
    since_ms = max(nulls, default=-1)
    ids = set[str]()
    for record in records:
        event = orjson.loads(record.value or b"{}")
        if record.timestamp_ms > since_ms and event["event_id"] not in ids:
            ids.add(event["event_id"])
            found.history.fold(event)
            found.events += 1
    if not whole and since_ms < 0:
        _judge(found, settings)
    return found


def _judge(found: Past, settings: Settings) -> None:
    """The log does not go back to the user's first event."""
    if len(found.history) >= settings.history:
        found.notes.append("dislikes older than the history shown may have hidden items too")
        return
    found.exact = False
    found.notes.append("older events of this user are not kept: the history then may have had more")


def _records(
    settings: Settings, edges: Edges, source: dict[str, Any], user: str
) -> tuple[list[Record], bool]:
    """The user's records up to the event, in order, and whether they go back to the beginning."""
    at = (source["topic"], source["partition"])
    start = edges.starts.get(at, 0)
    found, key, looked = list[Record](), user.encode(), 0
    for begin, end in backwards({at: start}, {at: source["offset"] + 1}, FIRST_LOOK):
        own = [one for one in read_range(settings.broker, begin, end) if one.key == key]
        found = own + found
        looked += end[at] - begin[at]
        enough = sum(len(items_of(orjson.loads(one.value or b"{}"))) for one in found)
        if begin[at] == start:
            return found, start == 0
        if enough >= settings.history or looked >= MOST:
            break
    return found, False


def _erasures(settings: Settings, edges: Edges, user: str) -> list[int]:
    """When the user was erased, as far as the compacted topic still tells."""
    topic, key = settings.topics.clean_users.name, user.encode()
    return [
        record.timestamp_ms
        for record in read_range(settings.broker, *edges.of(topic))
        if record.key == key and record.value is None
    ]
