"""CloudEvents 1.0 in both modes, in and out."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from recaug.events import Click, Reason, Rejection, parse_event
from tests.recaug.events.examples import AT_MS, click

BINARY = [
    ("ce_specversion", b"1.0"),
    ("ce_id", b"ce-1"),
    ("ce_type", b"io.recaug.event.click.v1"),
    ("ce_source", b"/shop"),
    ("ce_time", b"2025-11-24T16:00:00Z"),
    ("content-type", b"application/json"),
]
BARE = b'{"user_id":"u-1","item_id":"sku-1"}'
STRUCTURED = [("Content-Type", b" Application/CloudEvents+JSON; charset=UTF-8")]
OUTER = {
    "specversion": "1.0",
    "id": "ce-1",
    "source": "/shop",
    "type": "com.shop.click",
    "time": "2025-11-24T16:00:00Z",
    "data": {"user_id": "u-1", "item_id": "sku-1"},
}
EVENT = Click(event_id="ce-1", timestamp=AT_MS, user_id="u-1", item_id="sku-1")


def structured(**changes: Any) -> Any:
    return parse_event(json.dumps({**OUTER, **changes}).encode(), STRUCTURED, AT_MS)


def test_binary_mode_fills_what_the_value_lacks() -> None:
    assert parse_event(BARE, BINARY, AT_MS) == EVENT


def test_the_value_wins_over_the_headers() -> None:
    assert parse_event(click(), BINARY, AT_MS) == parse_event(click(), (), AT_MS)
    named = parse_event(BARE[:-1] + b',"messageId":"m-1"}', BINARY, AT_MS)
    assert named.event_id == "m-1"


def test_an_incomplete_set_of_headers_is_no_cloudevent() -> None:
    with pytest.raises(Rejection) as caught:
        parse_event(BARE, [pair for pair in BINARY if pair[0] != "ce_source"], AT_MS)
    assert caught.value.reason is Reason.MISSING_FIELD


def test_structured_mode() -> None:
    assert structured() == EVENT
    encoded = base64.b64encode(BARE).decode()
    assert structured(data=None, data_base64=encoded) == EVENT
    assert structured(data={**OUTER["data"], "event_id": "own"}).event_id == "own"  # type: ignore[dict-item]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"data": None}, Reason.MISSING_FIELD),
        ({"data": [1]}, Reason.MISSING_FIELD),
        ({"data": None, "data_base64": "?"}, Reason.BAD_ENCODING),
        ({"data": None, "data_base64": "e30="}, Reason.MISSING_FIELD),
        ({"type": "io.recaug.event.click.v2"}, Reason.NEWER_SCHEMA),
        ({"type": "com.shop.opened"}, Reason.UNKNOWN_EVENT),
        ({"type": None}, Reason.MISSING_FIELD),
        ({"time": "later"}, Reason.BAD_TIME),
    ],
)
def test_structured_mode_gone_wrong(changes: dict[str, Any], reason: Reason) -> None:
    with pytest.raises(Rejection) as caught:
        structured(**changes)
    assert caught.value.reason is reason


def test_headers_are_bounded() -> None:
    parse_event(click(), [("x", b"y" * 8_191)], AT_MS)
    with pytest.raises(Rejection) as caught:
        parse_event(click(), [("x", b"y" * 8_192)], AT_MS)
    assert caught.value.reason is Reason.HEADERS_TOO_LARGE


def test_a_confluent_schema_id_before_the_json_is_skipped() -> None:
    framed = b"\x00\x00\x00\x00\x2a" + click()
    assert parse_event(framed, (), AT_MS) == parse_event(click(), (), AT_MS)
