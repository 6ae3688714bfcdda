"""Segment's `track` and `identify`, as RudderStack and PostHog send them too."""

from __future__ import annotations

import json
from typing import Any

import pytest

from recaug.events import (
    AddToCart,
    Click,
    Line,
    Purchase,
    Reason,
    Rejection,
    Search,
    Share,
    View,
    parse_event,
    parse_user,
)
from tests.recaug.events.examples import AT_MS


def track(name: str, properties: dict[str, Any], **changes: Any) -> Any:
    body = {
        "type": "track",
        "event": name,
        "messageId": "ajs-next-1",
        "userId": "u-1",
        "anonymousId": "a-1",
        "timestamp": "2025-11-24T16:00:00.000Z",
        "properties": properties,
        **changes,
    }
    return parse_event(json.dumps(body).encode(), (), AT_MS)


def test_product_clicked() -> None:
    event = track(
        "Product Clicked",
        {"product_id": "507f", "position": 3, "name": "Monopoly", "recommendation_id": "r-1"},
        context={
            "locale": "en-US",
            "page": {"url": "https://shop.example/p", "referrer": "https://shop.example/"},
            "device": {"type": "ios"},
            "app": {"version": "1.2"},
        },
    )
    assert isinstance(event, Click)
    assert (event.event_id, event.user_id, event.anonymous_id) == ("ajs-next-1", "u-1", "a-1")
    assert (event.timestamp, event.item_id, event.index) == (AT_MS, "507f", 3)
    assert event.recommendation_id == "r-1"
    assert event.properties is not None and event.properties["name"] == "Monopoly"
    assert event.context is not None
    assert event.context.model_dump(exclude_none=True) == {
        "locale": "en-US",
        "device_type": "ios",
        "app_version": "1.2",
        "page_url": "https://shop.example/p",
        "referrer": "https://shop.example/",
    }


def test_product_viewed() -> None:
    event = track("Product Viewed", {"product_id": "507f", "value": 18.99, "currency": "usd"})
    assert isinstance(event, View)
    assert (event.item_id, event.value, event.currency) == ("507f", 18.99, "USD")


def test_product_added_is_a_cart_of_one_line() -> None:
    event = track(
        "Product Added",
        {
            "cart_id": "c-1",
            "product_id": "507f",
            "name": "Monopoly",
            "price": "18.99",
            "quantity": 2,
            "variant": "200 pieces",
            "brand": "Hasbro",
            "category": "Games",
        },
    )
    assert isinstance(event, AddToCart)
    assert event.cart_id == "c-1"
    assert event.items == (
        Line(
            item_id="507f",
            quantity=2,
            price=18.99,
            item_name="Monopoly",
            item_variant="200 pieces",
            item_brand="Hasbro",
            item_category="Games",
        ),
    )


def test_order_completed() -> None:
    event = track(
        "Order Completed",
        {
            "order_id": "o-1",
            "total": 27.5,
            "revenue": 25.0,
            "shipping": 3,
            "tax": 2,
            "currency": "USD",
            "products": [{"product_id": "507f", "price": 19, "quantity": 1}, {"sku": "G-32"}],
        },
    )
    assert isinstance(event, Purchase)
    assert (event.transaction_id, event.value, event.shipping) == ("o-1", 27.5, 3)
    assert event.items == (Line(item_id="507f", price=19, quantity=1), Line(item_id="G-32"))


def test_products_searched_and_product_shared() -> None:
    searched = track("Products Searched", {"query": "blue roses"})
    assert isinstance(searched, Search) and searched.search_term == "blue roses"
    shared = track("Product Shared", {"share_via": "email", "product_id": "507f"})
    assert isinstance(shared, Share)
    assert (shared.target_type, shared.target_id, shared.method) == ("item", "507f", "email")


def test_posthog_has_no_type_and_calls_the_user_distinct_id() -> None:
    body = {
        "event": "Product Clicked",
        "distinct_id": "u-7",
        "eventId": "p-1",
        "timestamp": AT_MS,
        "properties": {"product_id": 12},
    }
    event = parse_event(json.dumps(body).encode(), (), AT_MS)
    assert isinstance(event, Click)
    assert (event.user_id, event.item_id) == ("u-7", "12")


def test_other_calls_and_unknown_events_are_unknown() -> None:
    for changes in ({"type": "page"}, {"event": "Coupon Denied"}):
        with pytest.raises(Rejection) as caught:
            track(**{"name": "Product Clicked", "properties": {}, **changes})  # type: ignore[arg-type]
        assert caught.value.reason is Reason.UNKNOWN_EVENT


def test_identify_is_a_profile_without_what_names_a_person() -> None:
    body = {
        "type": "identify",
        "userId": "u-1",
        "timestamp": "2025-11-24T16:00:00Z",
        "traits": {
            "email": "jane@example.com",
            "firstName": "Jane",
            "plan": "premium",
            "createdAt": "2020-01-01T00:00:00Z",
        },
    }
    user = parse_user(json.dumps(body).encode(), (), AT_MS)
    assert (user.user_id, user.timestamp, user.created_at) == ("u-1", AT_MS, 1_577_836_800_000)
    assert user.traits == {"plan": "premium", "createdAt": "2020-01-01T00:00:00Z"}
