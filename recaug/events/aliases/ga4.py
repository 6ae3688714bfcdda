"""Google Analytics 4: BigQuery export rows, the Measurement Protocol, the data layer.

The first two have no event id; theirs is derived from the record's bytes, so that a resend of the
same bytes is recognised.
"""

from __future__ import annotations

from hashlib import blake2b

from recaug.events.aliases.reading import Body, Names, filled, first, pick, rows, table
from recaug.events.reasons import Reason, Rejection

_ENVELOPE: Names = {
    "timestamp": ("event_timestamp", "timestamp_micros"),
    "anonymous_id": ("user_pseudo_id", "client_id", "app_instance_id"),
    "user_id": (),
}
_PARAMS: Names = {
    "event_id": (),
    "session_id": ("ga_session_id",),
    "recommendation_id": (),
    "item_id": (),
    "items": (),
    "item_list_id": (),
    "item_list_name": (),
    "index": (),
    "search_term": (),
    "method": (),
    "content_type": (),
    "value": ("purchase_revenue",),
    "currency": (),
    "transaction_id": (),
    "coupon": (),
    "tax": (),
    "shipping": (),
    "engagement_time_msec": (),
    "percent_scrolled": (),
}
_CONTEXT: Names = {"page_url": ("page_location",), "referrer": ("page_referrer",)}


def flatten(body: Body, value: bytes) -> Body | None:
    """The event's own fields and envelope at one level; None if this is not GA4."""
    if isinstance(body.get("event_name"), str) and "event_params" in body:
        return _exported(body, value)
    if isinstance(body.get("events"), list) and "event" not in body:
        return _measured(body, value)
    if isinstance(body.get("ecommerce"), dict):
        return filled(body, pick(table(body, "ecommerce"), _PARAMS))
    return None


def _exported(body: Body, value: bytes) -> Body:
    params = {
        row["key"]: _typed(table(row, "value"))
        for row in rows(body, "event_params")
        if isinstance(row.get("key"), str)
    }
    params = filled(params, table(body, "ecommerce"))
    params = filled(params, pick(body, {"items": ()}))
    return _flat(body, body["event_name"], params, value)


def _measured(body: Body, value: bytes) -> Body:
    events = rows(body, "events")
    if len(events) != 1:
        raise Rejection(
            Reason.TOO_MANY if events else Reason.MISSING_FIELD,
            f"events holds {len(events)} events: send one event a record.",
        )
    event = events[0]
    body = filled(pick(event, {"timestamp_micros": ()}), body)
    return _flat(body, event.get("name"), table(event, "params"), value)


def _flat(body: Body, name: object, params: Body, value: bytes) -> Body:
    flat = {"event": name, **pick(body, _ENVELOPE), **pick(params, _PARAMS)}
    flat.setdefault("event_id", "ga4-" + blake2b(value, digest_size=16).hexdigest())
    context = pick(params, _CONTEXT)
    return {**flat, "context": context} if context else flat


def _typed(value: Body) -> object:
    return first(value, ("string_value", "int_value", "double_value", "float_value"))
