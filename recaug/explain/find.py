"""A recommendation by its id, newest first, and the event that it answers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import orjson

from recaug.audit.bulk import read_range
from recaug.checkup import partition_of
from recaug.errors import Failure
from recaug.explain.edges import Edges
from recaug.kafka import Offsets, Record
from recaug.settings import Settings

#: Records of each partition looked at first; then twice as many, and so on.
FIRST_LOOK = 2_000


@dataclass(frozen=True, slots=True)
class Found:
    """A recommendation as it was sent; `copies` of it were seen, by the place of the newest."""

    message: dict[str, Any]
    record: Record
    copies: int


def recommendation(settings: Settings, edges: Edges, wanted: str, user: str | None) -> Found:
    """Return the newest recommendation of this id.

    :param user: key of its user, which names the one partition to look in.

    :raises Failure: there is none.
    :raises Unreachable: the broker does not answer.
    """
    topic = settings.topics.recommendations.name
    for begin, end in _backwards(edges, topic, user):
        found = [one for one in read_range(settings.broker, begin, end) if _is(one, wanted)]
        if found:
            newest = max(found, key=lambda one: one.timestamp_ms)
            message: dict[str, Any] = orjson.loads(newest.value or b"{}")
            return Found(message, newest, len(found))
    where = f"of {user!r} " if user else ""
    raise Failure(
        f"there is no recommendation {wanted}",
        f"none {where}that is kept has this id; they are kept for a day",
        "recaug tail --since 5m -f jsonl | jq -r .recommendation_id",
    )


def _is(record: Record, wanted: str) -> bool:
    return record.header("ce_id") == wanted.encode() and record.value is not None


def _backwards(edges: Edges, topic: str, user: str | None) -> Iterator[tuple[Offsets, Offsets]]:
    """Ranges from the end to the beginning, each longer than the one before."""
    starts, ends = edges.of(topic)
    if user is not None:
        own = (topic, partition_of(user.encode(), len(ends)))
        ends = {at: end for at, end in ends.items() if at == own}
    yield from backwards(starts, ends, FIRST_LOOK)


def backwards(starts: Offsets, ends: Offsets, first: int) -> Iterator[tuple[Offsets, Offsets]]:
    """Yield begin and end of ever longer ranges, from `ends` back to `starts`.

    >>> list(backwards({("t", 0): 1}, {("t", 0): 6}, 2))
    [({('t', 0): 4}, {('t', 0): 6}), ({('t', 0): 1}, {('t', 0): 4})]
    """
    size = first
    while any(end > starts[at] for at, end in ends.items()):
        begin = {at: max(starts[at], end - size) for at, end in ends.items()}
        yield begin, ends
        ends, size = begin, 2 * size


def event(settings: Settings, edges: Edges, source: dict[str, Any]) -> dict[str, Any] | None:
    """Return the event at the place a recommendation names; None where it is not kept any more."""
    at, offset = (source["topic"], source["partition"]), source["offset"]
    if not edges.starts.get(at, offset + 1) <= offset < edges.ends.get(at, 0):
        return None
    for record in read_range(settings.broker, {at: offset}, {at: offset + 1}):
        found: dict[str, Any] = orjson.loads(record.value or b"{}")
        if found.get("event_id") == source["event_id"]:
            return found
    return None
