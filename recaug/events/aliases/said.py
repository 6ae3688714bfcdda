"""What a message says, in whichever dialect: kind, user and time. Nothing is checked here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from recaug.events.aliases import event_fields, item_fields, user_fields
from recaug.events.kinds import KINDS
from recaug.events.reasons import Rejection

#: Times that data sets have under names that no dialect does.
_MORE_TIMES = ("time", "ts")
_KIND_FIELDS = ("event", "type", "eventType", "event_type", "event_name")


@dataclass(frozen=True, slots=True)
class Said:
    """`kind` is one of ours, or `item` or `user` for a document; `key` whom it is about."""

    kind: str
    key: str | None
    time: Any = None


def said(line: dict[str, Any]) -> Said | str:
    """What a message says; the reason why it is of no use, where it says nothing."""
    kind, user = line.get("event"), line.get("user_id") or line.get("anonymous_id")
    if isinstance(kind, str) and kind in KINDS and isinstance(user, str) and "timestamp" in line:
        return Said(kind, user, line["timestamp"])
    document = _document(line)
    return _event(line) if document is None else document


def is_event(row: object) -> bool:
    """Whether a parsed line says what happened, rather than being a row of a table."""
    if not isinstance(row, dict):
        return False
    # A body of Google's Measurement Protocol names the kind inside.
    return isinstance(row.get("events"), list) or any(
        isinstance(row.get(name), str) for name in _KIND_FIELDS
    )


def understood(row: object) -> bool:
    """Whether it is an event or a document whose kind, user and time are known."""
    found = said(row) if isinstance(row, dict) else ""
    return isinstance(found, Said) and found.key is not None and found.time is not None


def _document(line: dict[str, Any]) -> Said | None:
    """Metarank's items and users, Segment's identities; None where it is an event."""
    if line.get("event") == "item":
        fields = item_fields(line, {}, b"")
        return Said("item", _key(fields, "item_id"), fields.get("timestamp"))
    if line.get("event") == "user" or line.get("type") == "identify":
        fields = user_fields(line, {}, b"")
        return Said("user", _key(fields, "user_id"), fields.get("timestamp"))
    return None


def _event(line: dict[str, Any]) -> Said | str:
    try:
        fields = event_fields(line, {}, b"")
    except Rejection:
        return "of several events"
    kind = fields.get("event")
    if not isinstance(kind, str):
        return "not an event"
    if kind not in KINDS:
        return f"of unknown kind {kind[:30]!r}"
    more = (line[name] for name in _MORE_TIMES if name in line)
    when = fields.get("timestamp", next(more, None))
    return Said(kind, _key(fields, "user_id", "anonymous_id"), when)


def _key(fields: dict[str, Any], *names: str) -> str | None:
    found = next((fields[name] for name in names if fields.get(name) not in (None, "")), None)
    return str(found) if isinstance(found, str | int) else None
