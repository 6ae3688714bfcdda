"""Metarank's interactions and rankings, items and users."""

from __future__ import annotations

import json
from typing import Any

from recaug.events import Click, Impression, Like, Shown, parse_event, parse_item, parse_user
from tests.recaug.events.examples import AT_MS


def read(body: dict[str, Any]) -> Any:
    return parse_event(json.dumps(body).encode(), (), AT_MS)


INTERACTION = {
    "event": "interaction",
    "id": "0f4c0036-04fb-4409-b2c6-7163a59f6b7d",
    "ranking": "81f46c34-a4bb-469c-8708-f8127cd67d27",
    "timestamp": "1764000000000",
    "user": "u-1",
    "session": "s-1",
    "type": "click",
    "item": "item1",
    "fields": [{"name": "foo", "value": "baz"}],
    "tenant": "default",
}


def test_an_interaction() -> None:
    event = read(INTERACTION)
    assert isinstance(event, Click)
    assert (event.event_id, event.timestamp) == (INTERACTION["id"], AT_MS)
    assert (event.user_id, event.session_id, event.item_id) == ("u-1", "s-1", "item1")
    assert (event.recommendation_id, event.tenant) == (INTERACTION["ranking"], "default")
    assert event.properties == {"foo": "baz"}


def test_a_social_interaction_means_its_item() -> None:
    event = read({**INTERACTION, "type": "like", "fields": []})
    assert isinstance(event, Like)
    assert (event.target_type, event.target_id) == ("item", "item1")


def test_a_ranking_is_an_impression_under_its_own_id() -> None:
    event = read(
        {
            "event": "ranking",
            "id": "81f46c34",
            "timestamp": "1764000000000",
            "user": "u-1",
            "session": "s-1",
            "fields": [{"name": "query", "value": "cat"}],
            "items": [{"id": "item3", "relevancy": 2.0}, {"id": "item1", "relevancy": 1.0}],
        }
    )
    assert isinstance(event, Impression)
    assert event.recommendation_id == "81f46c34"
    assert event.items == (Shown(item_id="item3", score=2.0), Shown(item_id="item1", score=1.0))


def test_an_item() -> None:
    body = {
        "event": "item",
        "id": "81f46c34",
        "item": "item1",
        "timestamp": "1764000000000",
        "fields": [
            {"name": "title", "value": "You favourite cat"},
            {"name": "price", "value": 25.0},
            {"name": "category", "value": ["pets", "cats"]},
            {"name": "isNew", "value": True},
        ],
    }
    item = parse_item(json.dumps(body).encode(), (), AT_MS)
    assert (item.item_id, item.name, item.price) == ("item1", "You favourite cat", 25.0)
    assert item.categories == ("pets", "cats")
    assert item.attributes == {"isNew": True}


def test_a_user() -> None:
    body = {
        "event": "user",
        "id": "7f2e",
        "user": "u-1",
        "timestamp": "1764000000000",
        "fields": [{"name": "age", "value": 33}, {"name": "country", "value": "AT"}],
    }
    user = parse_user(json.dumps(body).encode(), (), AT_MS)
    assert (user.user_id, user.country) == ("u-1", "AT")
    assert user.traits == {"age": 33, "country": "AT"}
