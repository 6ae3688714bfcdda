"""Segment, and RudderStack and PostHog, which speak it: `track` and `identify`, ecommerce v2."""

from __future__ import annotations

from recaug.events.aliases.names import USER
from recaug.events.aliases.reading import Body, Names, filled, pick, table

_CALLS = frozenset({"track", "identify", "page", "screen", "group", "alias"})
_PROPERTIES: Names = {
    "item_id": ("product_id", "sku"),
    "index": ("position",),
    "items": ("products",),
    "item_list_id": ("list_id",),
    "item_name": ("name",),
    "item_brand": ("brand",),
    "item_category": ("category",),
    "item_variant": ("variant",),
    "price": (),
    "quantity": (),
    "cart_id": (),
    "transaction_id": ("order_id",),
    "value": ("total", "revenue"),
    "currency": (),
    "coupon": (),
    "tax": (),
    "shipping": (),
    "search_term": ("query",),
    "method": ("share_via",),
    "session_id": (),
    "recommendation_id": (),
}
_PERSONAL = frozenset(
    {"email", "phone", "firstName", "lastName", "name", "username", "address", "birthday", "avatar"}
)


def flatten(body: Body) -> Body | None:
    """A `track` call at one level, its properties kept too; None if this is not Segment."""
    call, name = body.get("type"), body.get("event")
    if isinstance(call, str) and call in _CALLS:
        name = name if call == "track" else call
    elif not (isinstance(name, str) and " " in name.strip()):
        return None
    outer = {key: value for key, value in body.items() if key not in ("type", "context")}
    flat = filled({**outer, "event": name}, pick(table(body, "properties"), _PROPERTIES))
    context = _context(table(body, "context"))
    return {**flat, "context": context} if context else flat


def profile(body: Body) -> Body | None:
    """An `identify` call as a user document, without the traits that name a person."""
    if body.get("type") != "identify":
        return None
    traits = table(body, "traits")
    kept = {name: value for name, value in traits.items() if name not in _PERSONAL}
    known = pick(kept, {"created_at": USER["created_at"], "locale": (), "country": ()})
    return filled({**body, "traits": kept}, known)


def _context(context: Body) -> Body:
    page, device = table(context, "page"), table(context, "device")
    found = {
        **pick(context, {"locale": (), "timezone": ()}),
        "platform": table(context, "os").get("name"),
        "device_type": device.get("type"),
        "app_version": table(context, "app").get("version"),
        "page_url": page.get("url"),
        "referrer": page.get("referrer"),
    }
    return {name: value for name, value in found.items() if value is not None}
