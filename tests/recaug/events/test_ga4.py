"""Google Analytics 4, in the three forms it reaches Kafka."""

from __future__ import annotations

import json
from typing import Any

import pytest

from recaug.events import (
    AddToCart,
    Click,
    Impression,
    Line,
    Purchase,
    Reason,
    Rejection,
    Search,
    Share,
    Shown,
    View,
    parse_event,
)
from tests.recaug.events.examples import AT_MS


def read(body: dict[str, Any]) -> Any:
    return parse_event(json.dumps(body).encode(), (), AT_MS)


def param(name: str, **value: Any) -> dict[str, Any]:
    return {"key": name, "value": value}


EXPORTED = {
    "event_date": "20251124",
    "event_timestamp": 1_764_000_000_000_000,
    "event_name": "select_item",
    "event_params": [
        param("ga_session_id", int_value=1_763_999_000),
        param("item_list_id", string_value="home"),
        param("page_location", string_value="https://shop.example/"),
    ],
    "user_id": None,
    "user_pseudo_id": "1234.5678",
    "items": [{"item_id": "sku-1", "item_name": "Jacket", "item_list_index": "2"}],
}


def test_a_bigquery_row() -> None:
    event = read(EXPORTED)
    assert isinstance(event, Click)
    assert (event.item_id, event.index, event.item_list_id) == ("sku-1", 2, "home")
    assert (event.timestamp, event.anonymous_id, event.user_id) == (AT_MS, "1234.5678", None)
    assert event.session_id == "1763999000"
    assert event.context is not None and event.context.page_url == "https://shop.example/"


def test_its_id_follows_from_its_bytes_alone() -> None:
    assert read(EXPORTED).event_id == read(EXPORTED).event_id
    assert read(EXPORTED).event_id.startswith("ga4-")
    assert read({**EXPORTED, "event_date": "20251125"}).event_id != read(EXPORTED).event_id


def test_an_event_id_among_the_parameters_is_taken() -> None:
    params = [*EXPORTED["event_params"], param("event_id", string_value="e-9")]  # type: ignore[misc]
    assert read({**EXPORTED, "event_params": params}).event_id == "e-9"


def test_a_purchase_row() -> None:
    event = read(
        {
            **EXPORTED,
            "event_name": "purchase",
            "event_params": [param("currency", string_value="EUR")],
            "ecommerce": {"transaction_id": "o-1", "purchase_revenue": 49.8, "tax_value": 4},
            "items": [{"item_id": "sku-1", "price": 24.9, "quantity": 2}],
        }
    )
    assert isinstance(event, Purchase)
    assert (event.transaction_id, event.value, event.currency) == ("o-1", 49.8, "EUR")
    assert event.items == (Line(item_id="sku-1", price=24.9, quantity=2),)


def test_a_measurement_protocol_body() -> None:
    event = read(
        {
            "client_id": "c.1",
            "user_id": "u-1",
            "timestamp_micros": "1764000000000000",
            "events": [
                {
                    "name": "view_item",
                    "params": {"items": [{"item_id": "sku-1"}], "engagement_time_msec": "100"},
                }
            ],
        }
    )
    assert isinstance(event, View)
    assert (event.item_id, event.engagement_time_msec, event.user_id) == ("sku-1", 100, "u-1")
    assert (event.timestamp, event.anonymous_id) == (AT_MS, "c.1")


@pytest.mark.parametrize(
    ("events", "reason"),
    [([], Reason.MISSING_FIELD), ([{"name": "a"}, {"name": "b"}], Reason.TOO_MANY)],
)
def test_a_body_of_none_or_several_events(events: list[Any], reason: Reason) -> None:
    with pytest.raises(Rejection) as caught:
        read({"client_id": "c", "timestamp_micros": 1, "events": events})
    assert caught.value.reason is reason


ENVELOPE = {"event_id": "e-1", "timestamp": AT_MS, "user_id": "u-1"}


def test_a_data_layer_object() -> None:
    event = read(
        {
            **ENVELOPE,
            "event": "add_to_cart",
            "ecommerce": {"currency": "EUR", "value": 24.9, "items": [{"item_id": "sku-1"}]},
        }
    )
    assert isinstance(event, AddToCart)
    assert (event.items, event.value, event.currency) == ((Line(item_id="sku-1"),), 24.9, "EUR")


def test_recommended_event_names_on_plain_events() -> None:
    items = [{"item_id": "a", "index": 0}, {"item_id": "b", "index": 1}]
    shown = read({**ENVELOPE, "event": "view_item_list", "items": items})
    assert isinstance(shown, Impression)
    assert shown.items == (Shown(item_id="a", index=0), Shown(item_id="b", index=1))
    searched = read({**ENVELOPE, "event": "view_search_results", "search_term": "jacket"})
    assert isinstance(searched, Search) and searched.search_term == "jacket"
    shared = read({**ENVELOPE, "event": "share", "content_type": "image", "item_id": "a"})
    assert isinstance(shared, Share)
    assert (shared.target_type, shared.target_id) == ("item", "a")
