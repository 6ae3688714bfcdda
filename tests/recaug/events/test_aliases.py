"""Plain synonyms, and documents of Schema.org and GA4."""

from __future__ import annotations

import json
from typing import Any

import pytest

from recaug.events import parse_event, parse_item, to_bytes
from recaug.events.aliases import names
from recaug.events.kinds import KINDS
from tests.recaug.events.examples import AT_MS, EVENTS


def read(**body: Any) -> dict[str, Any]:
    event = parse_event(json.dumps(body).encode(), (), AT_MS)
    found: dict[str, Any] = json.loads(to_bytes(event))
    return found


def item(**body: Any) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(
        to_bytes(parse_item(json.dumps({"timestamp": AT_MS, **body}).encode(), (), AT_MS))
    )
    return found


@pytest.mark.parametrize("theirs", names.EVENTS)
def test_every_synonym_of_an_event_is_read_as_ours(theirs: str) -> None:
    ours = names.EVENTS[theirs]
    assert ours in KINDS
    for spelling in (theirs, theirs.replace("_", " ").title(), theirs.replace("_", "-").upper()):
        assert names.event_name(spelling) == ours


def test_synonyms_of_the_envelope() -> None:
    assert read(
        eventType="detail-page-view",
        eventId="e-1",
        eventTime="2025-11-24T16:00:00Z",
        visitorId="v-1",
        sessionId="s-1",
        attributionToken="r-1",
        productId="sku-1",
    ) == {
        "event": "view",
        "event_id": "e-1",
        "timestamp": AT_MS,
        "anonymous_id": "v-1",
        "session_id": "s-1",
        "recommendation_id": "r-1",
        "item_id": "sku-1",
    }


def test_our_own_name_wins() -> None:
    event = read(**EVENTS["click"], userId="other", position=9, messageId="other")
    assert event == EVENTS["click"]


def test_what_headers_would_say_is_not_needed_for_plain_events() -> None:
    assert read(**{**EVENTS["click"], "event": " Click "})["event"] == "click"


def test_numbers_in_text_are_numbers() -> None:
    event = read(**{**EVENTS["view"], "value": " 24.90 ", "percent_scrolled": 40.0})
    assert (event["value"], event["percent_scrolled"]) == (24.9, 40)


def test_bare_item_ids_are_lines() -> None:
    event = read(**{**EVENTS["impression"], "items": ["a", 7]})
    assert [line["item_id"] for line in event["items"]] == ["a", "7"]


def test_a_search_names_what_it_showed_by_its_lines() -> None:
    assert read(**EVENTS["search"], items=[{"id": "a"}, {"id": "b"}])["item_ids"] == ["a", "b"]


def test_a_schema_org_product() -> None:
    assert item(
        **{
            "@type": "Product",
            "sku": "sku-1",
            "name": "Jacket",
            "brand": {"@type": "Brand", "name": "Nordwind"},
            "image": ["https://shop.example/1.jpg", "https://shop.example/2.jpg"],
            "category": "outdoor",
            "offers": {
                "price": "24.90",
                "priceCurrency": "EUR",
                "availability": "https://schema.org/OutOfStock",
            },
        }
    ) == {
        "item_id": "sku-1",
        "timestamp": AT_MS,
        "name": "Jacket",
        "brand": "Nordwind",
        "categories": ["outdoor"],
        "price": 24.9,
        "currency": "EUR",
        "availability": "out_of_stock",
        "is_hidden": False,
        "image_url": "https://shop.example/1.jpg",
    }


def test_ga4_item_parameters() -> None:
    found = item(item_id=1, item_name="Jacket", item_category="a", item_category2="b", tags="new")
    assert (found["item_id"], found["name"]) == ("1", "Jacket")
    assert (found["categories"], found["tags"]) == (["a", "b"], ["new"])
