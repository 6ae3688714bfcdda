"""Bad traffic on purpose: what real producers send that no recommender should swallow.

Each fault names what `clean` must do with it: the reason in dead letters, or `duplicate`. Faults
are made from copies of events already sent, so the good events are the same at any share of bad.
"""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import orjson

Event = dict[str, Any]

DUPLICATE = "duplicate"
_DAY_MS = 86_400_000
_RECENT = 256
#: Fields without which an event of some kind says nothing.
_ESSENTIAL = ("item_id", "items", "search_term", "target_id")


@dataclass(frozen=True, slots=True)
class Message:
    """One message to publish; `fault` is empty for a good one."""

    event: str
    key: str
    value: bytes
    fault: str = ""


def _cut(event: Event) -> bytes:
    return orjson.dumps(event)[:-9]


def _changed(change: Callable[[Event], Event]) -> Callable[[Event], bytes]:
    return lambda event: orjson.dumps(change(dict(event)))


def _without_essential(event: Event) -> Event:
    return {name: value for name, value in event.items() if name not in _ESSENTIAL}


def _wrong_type(event: Event) -> Event:
    field = next(name for name in _ESSENTIAL if name in event)
    return {**event, field: {"oops": event[field]}}


def _without_user(event: Event) -> Event:
    return {name: event[name] for name in event if name not in ("user_id", "anonymous_id")}


#: What is done to an event, by the reason it will be refused for.
FAULTS: dict[str, Callable[[Event], bytes]] = {
    "bad_json": _cut,
    "missing_field": _changed(_without_essential),
    "bad_field": _changed(_wrong_type),
    "no_user": _changed(_without_user),
    "unknown_event": _changed(lambda event: {**event, "event": event["event"] + "ed"}),
    "bad_time": _changed(lambda event: {**event, "timestamp": "yesterday"}),
    "time_in_future": _changed(lambda e: {**e, "timestamp": e["timestamp"] + _DAY_MS}),
}


def spoiled(event: Event, fault: str, event_id: str) -> Message:
    """A copy of `event` with `fault` in it and an id of its own; a duplicate keeps the id."""
    key = event.get("user_id") or event["anonymous_id"]
    if fault == DUPLICATE:
        return Message(event["event"], key, orjson.dumps(event), fault)
    value = FAULTS[fault]({**event, "event_id": event_id})
    return Message(event["event"], key, value, fault)


class Spoiler:
    """Lets `share` of all messages be bad; `following` says what to send beside an event."""

    def __init__(self, seed: int, share: float) -> None:
        self._chance = random.Random(seed)
        self._share = share
        self._recent: deque[Event] = deque(maxlen=_RECENT)
        self._made = 0

    def due(self) -> bool:
        """Whether the next message is to be a bad one; never before there is one to copy."""
        return bool(self._recent) and self._chance.random() < self._share

    def good(self, event: Event) -> Message:
        """`event` as a message, remembered as one that faults may be made from."""
        self._recent.append(event)
        key = event.get("user_id") or event["anonymous_id"]
        return Message(event["event"], key, orjson.dumps(event))

    def bad(self) -> Message:
        """A faulty copy of a recent event, or one of them sent again."""
        self._made += 1
        event = self._chance.choice(self._recent)
        fault = self._chance.choice((*FAULTS, DUPLICATE))
        return spoiled(event, fault, f"{event['event_id']}-bad{self._made}")
