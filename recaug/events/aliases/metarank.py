"""Metarank: `interaction` and `ranking` events, `item` and `user` documents.

A ranking is an impression whose id later interactions name, which is what we call
`recommendation_id`.
"""

from __future__ import annotations

from typing import Any

from recaug.events.aliases.names import ITEM
from recaug.events.aliases.reading import Body, Names, filled, named_values, pick, rows

_ENVELOPE: Names = {
    "event_id": ("id",),
    "timestamp": (),
    "user_id": ("user",),
    "session_id": ("session",),
    "tenant": (),
}
_FIELDS: Names = {
    "quantity": (),
    "price": (),
    "value": ("total",),
    "currency": (),
    "transaction_id": ("order_id",),
    "search_term": ("query",),
}
_ITEM_FIELDS = (
    "description",
    "tags",
    "price",
    "availability",
    "language",
)


def flatten(body: Body) -> Body | None:
    """An interaction or ranking at one level; None if this is not Metarank."""
    kind = body.get("event")
    if kind == "interaction":
        flat = {"event": body.get("type"), "item_id": body.get("item")}
        flat["recommendation_id"] = body.get("ranking")
    elif kind == "ranking":
        flat = {"event": "impression", "items": [_shown(row) for row in rows(body, "items")]}
        flat["recommendation_id"] = body.get("id")
    else:
        return None
    fields = named_values(rows(body, "fields"))
    flat = {**flat, **pick(body, _ENVELOPE), **pick(fields, _FIELDS)}
    return {**flat, "properties": fields} if fields else flat


def _shown(row: Body) -> Body:
    """An item of a ranking; its relevancy is a field of its own, or one of `fields`."""
    return filled(row, pick(named_values(rows(row, "fields")), {"relevancy": ()}))


def item_document(body: Body) -> Body | None:
    """An `item` event as a document; fields we have no name for become attributes."""
    if body.get("event") != "item":
        return None
    fields = named_values(rows(body, "fields"))
    known = pick(fields, {**ITEM, **dict.fromkeys(_ITEM_FIELDS, ())})
    flat = filled({"item_id": body.get("item"), "timestamp": body.get("timestamp")}, known)
    return {**flat, "attributes": _rest(fields, known)}


def user_document(body: Body) -> Body | None:
    """A `user` event as a document; its fields are traits."""
    if body.get("event") != "user":
        return None
    fields = named_values(rows(body, "fields"))
    return {
        "user_id": body.get("user"),
        "timestamp": body.get("timestamp"),
        "traits": fields,
        **pick(fields, {"locale": (), "country": (), "interests": ()}),
    }


def _rest(fields: Body, known: Body) -> Body | None:
    used = {name for ours in known for name in (ours, *ITEM.get(ours, ()))}
    rest: dict[str, Any] = {name: value for name, value in fields.items() if name not in used}
    return rest or None
