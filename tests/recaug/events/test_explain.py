"""Refusals name the field, say what was sent, and what to send instead."""

from __future__ import annotations

import json
from typing import Any

import pytest

from recaug.events import Rejection, parse_event, parse_item
from tests.recaug.events.examples import AT_MS, EXAMPLES


def sentence(kind: str, **changes: Any) -> str:
    body = {name: value for name, value in {**EXAMPLES[kind], **changes}.items() if value != ""}
    parser = parse_item if kind == "item" else parse_event
    with pytest.raises(Rejection) as caught:
        parser(json.dumps(body).encode(), (), AT_MS)
    return caught.value.message


def test_a_misspelt_event_is_guessed() -> None:
    assert sentence("click", event="clik").endswith("Did you mean 'click'?")
    assert "'zzz' is none of click, view, add_to_cart" in sentence("click", event="zzz")


def test_a_missing_field_is_explained_by_its_meaning() -> None:
    assert sentence("click", item_id="") == "item_id is missing: add it. The item chosen."
    assert sentence("item", item_id="") == "item_id is missing: add it. The item."


def test_a_wrong_value_is_shown_and_the_schema_named() -> None:
    assert (
        sentence("like", value=5)
        == "value: Input should be 1 or -1, got 5; see schemas/v1/like.json."
    )
    assert sentence("item", is_hidden="maybe").endswith("got 'maybe'; see schemas/v1/item.json.")


def test_a_fault_inside_a_list_is_located() -> None:
    lines = [{"item_id": "a"}, {"item_id": "b", "quantity": 0}]
    assert sentence("purchase", items=lines).startswith("items.1.quantity: ")
    assert sentence("search", item_ids=["a", "b/../c"]).startswith(
        "item_ids.1 'b/../c' is not an id"
    )


def test_too_many_says_how_many_and_how_many_may_be() -> None:
    lines = [{"item_id": "a"}] * 201
    assert "items holds 201, more than 200" in sentence("purchase", items=lines)


def test_what_is_quoted_is_short_and_printable() -> None:
    message = sentence("click", item_id="\x1b]0;owned\x07" + "x" * 10_000)
    assert len(message) < 200 and message.isprintable()
