"""The field that is wrong, and what to type, for what is really refused."""

from __future__ import annotations

import json
import shlex
from dataclasses import replace
from typing import Any

import pytest

from recaug.deadletters.letters import Letter
from recaug.deadletters.marks import Fate
from recaug.deadletters.mends import field_of, mend_of
from recaug.events import DeadLetter, Reason, Rejection, parse_event

NOW = 1_764_000_000_000
CLICK: dict[str, Any] = {
    "event": "click", "event_id": "e", "timestamp": NOW, "user_id": "u", "item_id": "i",
}  # fmt: skip
LINE = {"event": "add_to_cart", "items": [{"item_id": "a"}]}


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"item_id": None}, "item_id"),
        ({"item_id": ""}, "item_id"),
        ({"event": "clik"}, "event"),
        ({"event": None}, "event"),
        ({"timestamp": "yesterday"}, "timestamp"),
        ({"timestamp": NOW + 10**9}, "timestamp"),
        ({"user_id": None}, "user_id"),
        ({"user_id": "a@example.com"}, "user_id"),
        ({**LINE, "items": [{"item_id": "a"}, {"quantity": 1}]}, "items.1.item_id"),
        ({**LINE, "items": []}, "items"),
        ({"event": "like", "target_type": "item", "target_id": "i", "value": 7}, "value"),
    ],
)
def test_the_field_of_a_real_rejection(change: dict[str, Any], field: str) -> None:
    with pytest.raises(Rejection) as refused:
        parse_event(json.dumps({**CLICK, **change}).encode(), (), NOW)
    assert field_of(refused.value.reason, refused.value.message) == field


@pytest.mark.parametrize("value", [None, b"", b"\xff\xfe", b"{", b"[]", b'{"a":1,"a":2}'])
def test_what_is_wrong_as_a_whole_has_no_field(value: bytes | None) -> None:
    with pytest.raises(Rejection) as refused:
        parse_event(value, (), NOW)
    assert field_of(refused.value.reason, refused.value.message) is None


def letter(reason: Reason, message: str = "", cut: str = "", count: int = 1, **more: Any) -> Letter:
    about = DeadLetter(
        **{
            "reason": reason, "message": message, "topic": "clickstream", "partition": 1,
            "offset": 42, "key": b"u", "value": b"{}", "headers": (), **more,
        }
    )  # fmt: skip
    return Letter("clickstream:1:42", about, 0, NOW, count, cut, Fate.OPEN)


def test_every_reason_has_something_to_type() -> None:
    for reason in Reason:
        assert mend_of(letter(reason)).startswith("recaug dlq "), reason


def test_a_field_is_set_where_the_event_is() -> None:
    message = "item_id is missing: add it."
    plain = letter(Reason.MISSING_FIELD, message)
    assert mend_of(plain) == "recaug dlq retry clickstream:1:42 --set item_id=VALUE"
    wrapped = letter(
        Reason.MISSING_FIELD, message, headers=(("content-type", b"application/cloudevents+json"),)
    )
    assert mend_of(wrapped).endswith("--set data.item_id=VALUE")


def test_what_cannot_be_mended_is_dropped() -> None:
    drop = "recaug dlq drop clickstream:1:42"
    assert mend_of(letter(Reason.PERSONAL_DATA, cut="personal data")) == drop
    assert mend_of(letter(Reason.MISSING_FIELD, "item_id is missing", count=4)) == drop


def test_a_limit_names_its_setting_and_a_key_its_option() -> None:
    assert "RECAUG_USER_LIMIT" in mend_of(letter(Reason.USER_FLOOD))
    assert mend_of(letter(Reason.KEY_MISMATCH)).endswith("--key ID")
    assert "--from FILE" in mend_of(letter(Reason.TOO_LARGE, cut="bytes=2000000 sha256=00"))


def test_what_is_pasted_into_a_shell_is_one_word() -> None:
    hostile = replace(letter(Reason.BOT), name="clickstream:1:1; rm -rf ~")
    assert shlex.split(mend_of(hostile))[:4] == ["recaug", "dlq", "retry", hostile.name]
