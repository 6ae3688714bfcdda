"""JSON lines that are events already, in any form `clean` accepts; they travel as they are."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import orjson
from pydantic_core import PydanticCustomError

from recaug.events.times import to_ms
from recaug.replay.happening import Happening, Tally

#: Where an event may carry its time; the first one present counts.
TIME_FIELDS = ("timestamp", "sentAt", "eventTime", "originalTimestamp", "time", "ts")
_KIND_FIELDS = ("event", "type", "eventType")
_ID_FIELDS = ("event_id", "messageId", "eventId", "id")
_USER_FIELDS = ("user_id", "userId", "user", "anonymous_id", "anonymousId", "user_pseudo_id")


def time_field(event: dict[str, Any]) -> str:
    """The field an event's time is in, `timestamp` when it has none yet."""
    return next((name for name in TIME_FIELDS if name in event), TIME_FIELDS[0])


def id_field(event: dict[str, Any]) -> str | None:
    """The field an event's id is in, None when it has none."""
    return next((name for name in _ID_FIELDS if name in event), None)


def user_of(event: dict[str, Any]) -> str | None:
    """Who did it, under whatever name; None if that is not said in text."""
    found = next((event[name] for name in _USER_FIELDS if event.get(name)), None)
    return found if isinstance(found, str) else None


def kind_of(event: dict[str, Any]) -> str:
    """What happened, under whatever name."""
    names = (event.get(name) for name in _KIND_FIELDS)
    return next(name for name in names if isinstance(name, str))


def is_event(row: object) -> bool:
    """Whether a parsed line says what happened, rather than being a row of a table."""
    return isinstance(row, dict) and any(isinstance(row.get(name), str) for name in _KIND_FIELDS)


def events(lines: Iterator[str], tally: Tally) -> Iterator[Happening]:
    """One event a line, each with a time."""
    for number, text in enumerate(lines, 1):
        tally.lines += 1
        reason = "blank"
        if text.strip():
            found = _event(text, number)
            if isinstance(found, Happening):
                tally.used += 1
                yield found
                continue
            reason = found
        tally.unusable[reason] += 1


def rows(lines: Iterator[str], tally: Tally) -> Iterator[dict[str, Any]]:
    """One row of a table a line, as an object."""
    for text in lines:
        try:
            row = orjson.loads(text)
        except orjson.JSONDecodeError:
            row = None
        if isinstance(row, dict):
            yield row
        else:
            tally.lines += 1
            tally.unusable["not a JSON object" if text.strip() else "blank"] += 1


def _event(text: str, number: int) -> Happening | str:
    """The event on a line, or the reason there is none."""
    try:
        event = orjson.loads(text)
    except orjson.JSONDecodeError:
        return "not JSON"
    if not is_event(event):
        return "not an event"
    original = event.get(time_field(event))
    try:
        at = to_ms(original)
    except PydanticCustomError:
        return "without a readable time"
    assert isinstance(at, int)
    return Happening(at, number, event, original)
