"""Snowplow: enriched events as the analytics SDKs write them in JSON, with the ecommerce plugin."""

from __future__ import annotations

from recaug.events.aliases.reading import Body, Names, filled, pick, rows

_PREFIXES = ("unstruct_event_com_snowplow", "contexts_com_snowplow")
_ECOMMERCE = "com_snowplowanalytics_snowplow_ecommerce_"
_ACTION = f"unstruct_event_{_ECOMMERCE}snowplow_ecommerce_action"
_SEARCH = "unstruct_event_com_snowplowanalytics_snowplow_site_search"
_SOCIAL = "unstruct_event_com_snowplowanalytics_snowplow_social_interaction"

_ENVELOPE: Names = {
    "event_id": (),
    "timestamp": ("true_tstamp", "derived_tstamp", "dvce_created_tstamp", "collector_tstamp"),
    "user_id": (),
    "anonymous_id": ("domain_userid", "network_userid"),
    "session_id": ("domain_sessionid",),
    "recommendation_id": (),
}
_CONTEXT: Names = {
    "locale": ("br_lang",),
    "timezone": ("os_timezone",),
    "platform": (),
    "device_type": ("dvce_type",),
    "page_url": (),
    "referrer": ("page_referrer",),
}
_TRANSACTION: Names = {
    "transaction_id": (),
    "value": ("revenue",),
    "currency": (),
    "tax": (),
    "shipping": (),
    "coupon": ("discount_code",),
}
_CART: Names = {"cart_id": (), "value": ("total_value",), "currency": ()}


def flatten(body: Body) -> Body | None:
    """The action, its products and the envelope at one level; None if this is not Snowplow."""
    if not any(name.startswith(_PREFIXES) for name in body):
        return None
    flat = {"event": body.get("event"), **pick(body, _ENVELOPE)}
    context = pick(body, _CONTEXT)
    if context:
        flat["context"] = context
    return {**flat, **_ecommerce(body), **_search(body), **_social(body)}


def _ecommerce(body: Body) -> Body:
    actions = _entities(body, _ACTION)
    products = _entities(body, f"contexts_{_ECOMMERCE}product")
    found: Body = {"items": products} if products else {}
    for entity, names in (("transaction", _TRANSACTION), ("cart", _CART)):
        for row in _entities(body, f"contexts_{_ECOMMERCE}{entity}")[:1]:
            found = filled(found, pick(row, names))
    if not actions:
        return found
    # The name of an action is that of the list it is about.
    return {
        **found,
        "event": actions[0].get("type"),
        **pick(actions[0], {"item_list_id": ("name",)}),
    }


def _search(body: Body) -> Body:
    searches = _entities(body, _SEARCH)
    if not searches:
        return {}
    terms = searches[0].get("terms")
    words = [term for term in terms if isinstance(term, str)] if isinstance(terms, list) else []
    names: Names = {"filters": (), "results_count": ("total_results", "totalResults")}
    return {"event": "search", "search_term": " ".join(words), **pick(searches[0], names)}


def _social(body: Body) -> Body:
    interactions = _entities(body, _SOCIAL)
    if not interactions:
        return {}
    names: Names = {"event": ("action",), "method": ("network",), "item_id": ("target",)}
    return pick(interactions[0], names)


def _entities(body: Body, prefix: str) -> list[Body]:
    """Objects under the key `prefix` and a version, `…_1`."""
    return [row for name in body if name.rpartition("_")[0] == prefix for row in rows(body, name)]
