"""What an event is about, whose it is, and what its answer is called."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from recaug.events import (
    EVENT_NAMES,
    KINDS,
    Click,
    items_of,
    recommendation_id,
    user_key,
)
from recaug.events.kinds import MODELS
from tests.recaug.events.examples import EVENTS

LIKE = {"event": "like", "target_type": "item", "target_id": "a", "value": 1}


def test_numbers_of_kinds_are_1_to_11_in_order() -> None:
    assert [KINDS[name] for name in EVENT_NAMES] == list(range(1, 12))
    assert list(MODELS) == list(EVENT_NAMES)


@pytest.mark.parametrize(
    ("event", "items"),
    [
        (EVENTS["click"], ("sku-20931",)),
        (EVENTS["view"], ("sku-20931",)),
        ({"event": "add_to_cart", "items": [{"item_id": "a"}, {"item_id": "b"}]}, ("a", "b")),
        (EVENTS["purchase"], ("sku-20931",)),
        (EVENTS["remove_from_cart"], ()),
        (EVENTS["search"], ()),
        (EVENTS["impression"], ()),
        (EVENTS["follow"], ()),
        (EVENTS["share"], ("sku-20931",)),
        (EVENTS["comment"], ("sku-20931",)),
        (LIKE, ("a",)),
        ({**LIKE, "value": -1}, ()),
        ({**LIKE, "undo": True}, ()),
        ({**LIKE, "target_type": "topic"}, ()),
    ],
)
def test_items_of(event: dict[str, Any], items: tuple[str, ...]) -> None:
    assert items_of(event) == items


def test_user_key_is_the_user_then_the_device() -> None:
    assert user_key({"user_id": "u", "anonymous_id": "a"}) == "u"
    assert user_key({"anonymous_id": "a"}) == "a"
    event = Click(event_id="e", timestamp=1_764_000_000_000, anonymous_id="a", item_id="i")
    assert user_key(event) == "a"


def test_an_answer_is_named_after_its_event() -> None:
    assert recommendation_id("e-1") == recommendation_id("e-1") != recommendation_id("e-2")
    assert UUID(recommendation_id("e-1")).version == 5
