"""Snowplow's enriched events in the analytics SDKs' JSON."""

from __future__ import annotations

import json
from typing import Any

from recaug.events import (
    AddToCart,
    Click,
    Impression,
    Like,
    Line,
    Purchase,
    Search,
    View,
    parse_event,
)
from tests.recaug.events.examples import AT_MS

ECOMMERCE = "com_snowplowanalytics_snowplow_ecommerce_"
PRODUCT = {"id": "sku-1", "name": "Jacket", "category": "outdoor", "price": 24.9, "currency": "EUR"}


def enriched(**fields: Any) -> Any:
    body = {
        "app_id": "shop",
        "platform": "web",
        "event": "unstruct",
        "event_id": "c6ef3124-b53a-4b13-a233-0088f79dcbcb",
        "collector_tstamp": "2025-11-24T16:00:07.000Z",
        "derived_tstamp": "2025-11-24T16:00:00.000Z",
        "user_id": "u-1",
        "domain_userid": "d-1",
        "domain_sessionid": "s-1",
        "page_url": "https://shop.example/",
        "br_lang": "de",
        **fields,
    }
    return parse_event(json.dumps(body).encode(), (), AT_MS)


def action(kind: str, *products: dict[str, Any], **contexts: Any) -> Any:
    return enriched(
        **{
            f"unstruct_event_{ECOMMERCE}snowplow_ecommerce_action_1": {"type": kind},
            f"contexts_{ECOMMERCE}product_1": list(products),
            **{f"contexts_{ECOMMERCE}{name}_1": [value] for name, value in contexts.items()},
        }
    )


def test_the_envelope() -> None:
    event = action("product_view", PRODUCT)
    assert isinstance(event, View)
    assert (event.item_id, event.timestamp) == ("sku-1", AT_MS)
    assert event.event_id == "c6ef3124-b53a-4b13-a233-0088f79dcbcb"
    assert (event.user_id, event.anonymous_id, event.session_id) == ("u-1", "d-1", "s-1")
    assert event.context is not None
    assert (event.context.platform, event.context.locale) == ("web", "de")


def test_a_click_in_a_list() -> None:
    event = action("list_click", {**PRODUCT, "position": 4})
    assert isinstance(event, Click)
    assert (event.item_id, event.index) == ("sku-1", 4)


def test_a_list_shown() -> None:
    event = action("list_view", PRODUCT, {**PRODUCT, "id": "sku-2"})
    assert isinstance(event, Impression)
    assert [shown.item_id for shown in event.items] == ["sku-1", "sku-2"]


def test_a_cart() -> None:
    cart = {"cart_id": "c-1", "total_value": 49.8, "currency": "EUR"}
    event = action("add_to_cart", {**PRODUCT, "quantity": 2}, cart=cart)
    assert isinstance(event, AddToCart)
    assert (event.cart_id, event.value, event.currency) == ("c-1", 49.8, "EUR")
    assert event.items == (
        Line(item_id="sku-1", quantity=2, price=24.9, item_name="Jacket", item_category="outdoor"),
    )


def test_a_transaction() -> None:
    transaction = {"transaction_id": "o-1", "revenue": 24.9, "currency": "EUR", "tax": 4}
    event = action("transaction", PRODUCT, transaction=transaction)
    assert isinstance(event, Purchase)
    assert (event.transaction_id, event.value, event.tax) == ("o-1", 24.9, 4)


def test_a_site_search() -> None:
    name = "unstruct_event_com_snowplowanalytics_snowplow_site_search_1"
    event = enriched(**{name: {"terms": ["rain", "jacket"], "total_results": 42}})
    assert isinstance(event, Search)
    assert (event.search_term, event.results_count) == ("rain jacket", 42)


def test_a_social_interaction() -> None:
    name = "unstruct_event_com_snowplowanalytics_snowplow_social_interaction_1"
    event = enriched(**{name: {"action": "like", "network": "mastodon", "target": "sku-1"}})
    assert isinstance(event, Like)
    assert (event.target_type, event.target_id, event.value) == ("item", "sku-1", 1)
