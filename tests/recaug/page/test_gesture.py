"""What you do in the shop is an event the services take."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from pydantic import TypeAdapter, ValidationError

from recaug.events import Click, Follow, Like, Search, Share, items_of, parse_event
from recaug.page.gesture import Gesture, to_event

NOW_MS = 1_764_000_000_000
YOU = {"user": "you-abc123", "event_id": "web-00000001"}

adapter: TypeAdapter[Any] = TypeAdapter(Gesture)


def parsed(**fields: Any) -> Any:
    gesture = adapter.validate_python({**YOU, **fields})
    return parse_event(orjson.dumps(to_event(gesture, NOW_MS)), (), NOW_MS)


def test_a_click_keeps_the_list_it_came_from() -> None:
    event = parsed(event="click", item_id="sku-1", index=3, recommendation_id="r-9")
    assert isinstance(event, Click)
    assert (event.item_id, event.index, event.recommendation_id) == ("sku-1", 3, "r-9")
    assert (event.user_id, event.event_id, event.timestamp) == (
        "you-abc123",
        "web-00000001",
        NOW_MS,
    )


def test_a_search_is_a_search() -> None:
    event = parsed(event="search", search_term="trail shoes")
    assert isinstance(event, Search)
    assert event.search_term == "trail shoes"


@pytest.mark.parametrize(("kind", "model"), [("like", Like), ("follow", Follow)])
def test_a_like_or_follow_speaks_for_its_item_until_it_is_taken_back(
    kind: str, model: type[Any]
) -> None:
    about = {"event": kind, "target_type": "item", "target_id": "sku-1"}
    event = parsed(**about)
    assert isinstance(event, model)
    assert items_of(event.model_dump()) == ("sku-1",)
    assert items_of(parsed(**about, undo=True).model_dump()) == ()


def test_a_share_cannot_be_taken_back() -> None:
    about = {"event": "share", "target_type": "item", "target_id": "sku-1"}
    assert isinstance(parsed(**about), Share)
    with pytest.raises(ValidationError):
        adapter.validate_python({**YOU, **about, "undo": True})


@pytest.mark.parametrize("target", ["brand", "user"])
def test_people_and_brands_are_followed(target: str) -> None:
    event = parsed(event="follow", target_type=target, target_id="Alder & Pike")
    assert isinstance(event, Follow)
    assert (event.target_type, event.target_id) == (target, "Alder & Pike")


@pytest.mark.parametrize(
    "fields",
    [
        {"event": "purchase", "item_id": "i"},
        {"event": "click"},
        {"event": "click", "item_id": "i", "user": "u-1842"},
        {"event": "click", "item_id": "i", "user": "you-../../etc"},
        {"event": "click", "item_id": "i", "event_id": "short"},
        {"event": "click", "item_id": "i", "price": 3},
        {"event": "click", "item_id": "x" * 129},
        {"event": "search", "search_term": ""},
        {"event": "like", "item_id": "i"},
        {"event": "comment", "target_type": "item", "target_id": "i"},
        {"event": "follow", "target_type": "planet", "target_id": "i"},
        {"event": "like", "target_type": "item", "target_id": "i", "undo": False},
    ],
)
def test_anything_else_is_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        adapter.validate_python({**YOU, **fields})
