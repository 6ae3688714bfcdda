"""Google Analytics 4: BigQuery export rows, the Measurement Protocol, the data layer.

The first two have no event id; theirs is derived from the record's bytes, so that a resend of the
same bytes is recognised.
"""

from __future__ import annotations

from hashlib import blake2b

from recaug.events.aliases.reading import Body, Names, filled, first, pick, rows, table
from recaug.events.reasons import Reason, Rejection

_ENVELOPE: Names = {
    "event_id": (),
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
    "tax": ("tax_value",),
    "shipping": ("shipping_value",),
    "engagement_time_msec": (),
    "percent_scrolled": (),
}
_CONTEXT: Names = {"page_url": ("page_location",), "referrer": ("page_referrer",)}
_DEVICE: Names = {"locale": ("language",), "device_type": ("category",)}
_LIST: Names = {"item_list_id": (), "item_list_name": ()}
#: What Google writes where a shop has sent nothing.
_UNSET = ("(not set)", "(not provided)")


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
    params = filled(params, _set(table(body, "ecommerce")))
    if items := [_set(row) for row in rows(body, "items")]:
        # An exported list is named by its items.
        params = filled(params, {"items": items, **pick(items[0], _LIST)})
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
    flat = {"event": name, **pick(params, _PARAMS), **pick(body, _ENVELOPE)}
    flat.setdefault("event_id", "ga4-" + blake2b(value, digest_size=16).hexdigest())
    context = {**_where(body), **pick(params, _CONTEXT)}
    return {**flat, "context": context} if context else flat


def _where(body: Body) -> Body:
    """The platform, the device and the application of an exported row."""
    app = pick(table(body, "app_info"), {"app_version": ("version",)})
    platform = body.get("platform")
    known = {"platform": platform.lower()} if isinstance(platform, str) else {}
    return {**known, **pick(table(body, "device"), _DEVICE), **app}


def _set(record: Body) -> Body:
    return {name: value for name, value in record.items() if value not in _UNSET}


def _typed(value: Body) -> object:
    return first(value, ("string_value", "int_value", "double_value", "float_value"))
