"""Fields set in a refused value."""

from __future__ import annotations

import json

import pytest

from recaug.deadletters.edit import assignment, with_fields
from recaug.errors import Failure


def test_fields_are_set_at_any_depth_and_the_rest_stays() -> None:
    value = b'{"event": "purchase", "items": [{"item_id": "a"}, {"price": 1}], "big": 12345678901}'
    mended = with_fields(
        value, [("items.1.item_id", "b"), ("context.locale", "de"), ("user_id", "u")]
    )
    assert json.loads(mended) == {
        "event": "purchase", "items": [{"item_id": "a"}, {"price": 1, "item_id": "b"}],
        "big": 12345678901, "context": {"locale": "de"}, "user_id": "u",
    }  # fmt: skip


@pytest.mark.parametrize("path", ["items.2.item_id", "items.x", "event.name", "items.0.a.b"])
def test_a_path_that_leads_nowhere_is_said(path: str) -> None:
    with pytest.raises(Failure) as failed:
        with_fields(b'{"event": "click", "items": [{"a": 1}]}', [(path, 1)])
    assert path in failed.value.what


@pytest.mark.parametrize("value", [None, b"", b"\xff", b"{"])
def test_what_is_no_json_has_no_fields(value: bytes | None) -> None:
    with pytest.raises(Failure) as failed:
        with_fields(value, [("a", 1)])
    assert "--from" in failed.value.mend


def test_a_value_is_json_where_it_can_be_and_else_text() -> None:
    assert assignment("a.b=null") == ("a.b", None)
    assert assignment("a=b=c") == ("a", "b=c")
    assert assignment("a=") == ("a", "")
    for wrong in ("a", "=1"):
        with pytest.raises(ValueError, match="FIELD=VALUE"):
            assignment(wrong)
