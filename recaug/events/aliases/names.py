"""Names: what our events and fields are called elsewhere, and how much of a shape they imply.

These tables are also the documentation (`docs/reference/events.md`).
"""

from __future__ import annotations

from typing import Any

from recaug.events.aliases.reading import Body, Names, filled, first, number, pick
from recaug.events.fields import MAX_LINES

#: Event names elsewhere, lower case with `_` for space and hyphen → ours.
EVENTS: dict[str, str] = {
    # GA4
    "select_item": "click",
    "view_item": "view",
    "view_item_list": "impression",
    "view_search_results": "search",
    "add_to_wishlist": "like",
    # Segment, RudderStack, PostHog
    "product_clicked": "click",
    "product_viewed": "view",
    "product_list_viewed": "impression",
    "product_added": "add_to_cart",
    "product_removed": "remove_from_cart",
    "product_added_to_wishlist": "like",
    "order_completed": "purchase",
    "products_searched": "search",
    "product_shared": "share",
    # Snowplow
    "list_click": "click",
    "product_view": "view",
    "list_view": "impression",
    "transaction": "purchase",
    "site_search": "search",
    # Google Retail
    "detail_page_view": "view",
    "purchase_complete": "purchase",
    # Metarank
    "ranking": "impression",
}

ENVELOPE: Names = {
    "event": ("eventType", "event_type", "event_name", "type"),
    "event_id": ("messageId", "eventId", "id"),
    "timestamp": ("originalTimestamp", "eventTime", "event_time", "sentAt"),
    "user_id": ("userId", "user", "distinct_id"),
    "anonymous_id": ("anonymousId", "user_pseudo_id", "visitorId", "client_id"),
    "session_id": ("sessionId", "session", "ga_session_id"),
    "recommendation_id": ("recommendationId", "attributionToken", "ranking"),
}
FIELDS: Names = {
    "item_id": ("itemId", "product_id", "productId", "item"),
    "index": ("position",),
    "search_term": ("query", "searchQuery", "search_query"),
    "transaction_id": ("order_id", "orderId"),
    "method": ("share_via", "network"),
    "items": ("products", "impression"),
    "value": ("total", "revenue"),
}
LINE: Names = {
    "item_id": ("itemId", "product_id", "productId", "id", "sku"),
    "index": ("position", "item_list_index"),
    "item_name": ("name", "title"),
    "item_brand": ("brand",),
    "item_category": ("category",),
    "item_variant": ("variant",),
    "score": ("relevancy",),
}
ITEM: Names = {
    "item_id": ("itemId", "item", "product_id", "productId", "productID", "sku", "id"),
    "timestamp": ("updated_at", "updatedAt", "eventTime"),
    "name": ("title", "item_name"),
    "brand": ("item_brand",),
    "categories": ("category", "item_category"),
    "currency": ("priceCurrency",),
    "image_url": ("image", "imageUrl", "image_link"),
    "url": ("link",),
    "is_hidden": ("isHidden", "hidden"),
    "published_at": ("publishedAt",),
    "creator_id": ("creatorId",),
}
USER: Names = {
    "user_id": ("userId", "user", "id"),
    "timestamp": ("originalTimestamp", "updated_at", "updatedAt", "sentAt"),
    "created_at": ("createdAt",),
}

NUMBERS = frozenset(
    {
        "value",
        "price",
        "tax",
        "shipping",
        "quantity",
        "index",
        "score",
        "results_count",
        "engagement_time_msec",
        "percent_scrolled",
    }
)
#: One more than may be: lines beyond are not translated, for the event is refused for them.
MOST_LINES = MAX_LINES + 1
_TARGETS = frozenset({"user", "brand", "topic", "item"})


def event_name(name: Any) -> Any:
    """Our name of an event, or `name` itself if it is nobody's."""
    if not isinstance(name, str):
        return name
    plain = name.strip().lower().replace(" ", "_").replace("-", "_")
    return EVENTS.get(plain, plain)


def renamed(body: Body, names: Names) -> Body:
    """`body` with our names added where only another name was there, numbers as numbers."""
    merged = filled(body, pick(body, names))
    return {name: number(value) if name in NUMBERS else value for name, value in merged.items()}


def shaped(body: Body) -> Body:
    """The event with item, lines or target where its kind has them."""
    kind = body.get("event")
    if kind in ("click", "view"):
        return filled(body, _first_line(body))
    if kind in ("add_to_cart", "remove_from_cart", "purchase", "impression"):
        lines = _lines(body)
        return body if lines is None else {**body, "items": lines}
    if kind == "search":
        return filled(body, _shown(body))
    if kind in ("follow", "share", "like", "comment"):
        return filled(body, _target(body))
    return body


def _first_line(body: Body) -> Body:
    lines = _lines(body)
    if not isinstance(lines, list) or not lines or not isinstance(lines[0], dict):
        return {}
    return pick(lines[0], {"item_id": (), "index": ()})


def _lines(body: Body) -> Any:
    given = body.get("items")
    if given is None and body.get("item_id") is not None:
        given = [pick(body, {"quantity": (), "price": (), **LINE})]
    if not isinstance(given, list):
        return given
    return [_line(line) for line in given[:MOST_LINES]]


def _line(line: Any) -> Any:
    if isinstance(line, str | int):
        return {"item_id": line}
    return renamed(line, LINE) if isinstance(line, dict) else line


def _shown(body: Body) -> Body:
    lines = _lines(body)
    if not isinstance(lines, list):
        return {}
    ids = [first(line, ("item_id",)) for line in lines if isinstance(line, dict)]
    return {"item_ids": ids} if ids else {}


def _target(body: Body) -> Body:
    kind, item = body.get("content_type"), body.get("item_id")
    if item is None:
        item = _first_line(body).get("item_id")
    if item is None:
        return {}
    return {
        "target_type": kind if isinstance(kind, str) and kind in _TARGETS else "item",
        "target_id": item,
    }
