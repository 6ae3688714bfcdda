"""Whatever the bytes: a model, or a `Rejection` with a reason of the list and a sentence."""

from __future__ import annotations

import gzip
import json
import pickle
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recaug.events import Reason, Rejection, parse_event, parse_item, parse_user
from recaug.events.aliases import names
from tests.recaug.events.examples import AT_MS, EXAMPLES, click, patiently

PARSERS: list[Callable[..., object]] = [parse_event, parse_item, parse_user]


def reason_of(value: bytes | None) -> Reason:
    with pytest.raises(Rejection) as caught:
        parse_event(value, (), AT_MS)
    return caught.value.reason


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (None, Reason.NULL_VALUE),
        (b"", Reason.EMPTY),
        (b" \r\n\t", Reason.EMPTY),
        (b"x" * 65_537, Reason.TOO_LARGE),
        (b"hello", Reason.BAD_JSON),
        (click()[:-1], Reason.BAD_JSON),
        (click() + click(), Reason.BAD_JSON),
        (click() + b"\x00", Reason.BAD_JSON),
        (b"\xef\xbb\xbf" + click(), Reason.BAD_ENCODING),
        (click().decode().encode("utf-16"), Reason.BAD_ENCODING),
        (click().decode().encode("utf-16-be"), Reason.BAD_ENCODING),
        (click().decode().encode("utf-32-le"), Reason.BAD_ENCODING),
        (click(item_id="é").replace(b"\\u00e9", b"\xe9"), Reason.BAD_ENCODING),
        (click().replace(b"sku-20931", b"\\ud800"), Reason.BAD_ENCODING),
        (click().replace(b"sku-20931", b"\\uDC00\\uD800"), Reason.BAD_ENCODING),
        (click(colour="?").replace(b"?", b"\\udfff"), Reason.BAD_ENCODING),
        (gzip.compress(click(), mtime=0), Reason.BAD_ENCODING),
        (pickle.dumps(EXAMPLES["click"]), Reason.BAD_ENCODING),
        (b"\x00\x00\x00\x00\x07\x02avro", Reason.BAD_ENCODING),
        (b"null", Reason.NOT_AN_OBJECT),
        (b"[1]", Reason.NOT_AN_OBJECT),
        (b"42", Reason.NOT_AN_OBJECT),
        (b"4.2", Reason.NOT_AN_OBJECT),
        (b"true", Reason.NOT_AN_OBJECT),
        (b'"click"', Reason.NOT_AN_OBJECT),
        (b"[" * 60_000, Reason.TOO_DEEP),
        (b'{"a":' * 10_000 + b"1" + b"}" * 10_000, Reason.TOO_DEEP),
        (b'{"a":' * 17 + b"1" + b"}" * 17, Reason.TOO_DEEP),
        (click(properties={"a": [[[[[[[[1]]]]]]]]}), Reason.TOO_DEEP),
        (click(x=1)[:-2] + b"9" * 60_000 + b"}", Reason.NUMBER_RANGE),
        (click(item_id=2**63), Reason.NUMBER_RANGE),
        (click(item_id=-1), Reason.NUMBER_RANGE),
        (click(x=2**64), Reason.NUMBER_RANGE),
        (click(properties={"x": 2**63}), Reason.NUMBER_RANGE),
        (click(x=0)[:-2] + b"1e400}", Reason.NUMBER_RANGE),
        (click(x=float("nan")), Reason.NUMBER_NOT_FINITE),
        (click(x=float("-inf")), Reason.NUMBER_NOT_FINITE),
        (click(properties={"x": float("nan")}), Reason.NUMBER_NOT_FINITE),
        (click()[:-1] + b',"user_id":"u-2"}', Reason.DUPLICATE_KEY),
        (click()[:-1] + b',"user_id" \n:"u-2"}', Reason.DUPLICATE_KEY),
        (click()[:-1] + b',"user\\u005fid":"u-2"}', Reason.DUPLICATE_KEY),
        (click()[:-1] + b',"properties":{"a":1,"a":2}}', Reason.DUPLICATE_KEY),
        (click()[:-1] + b',"x":1,"x":1}', Reason.DUPLICATE_KEY),
        (click(properties={"a": "x" * 4_090}), Reason.TOO_LARGE),
        (click(event=None), Reason.MISSING_FIELD),
        (click(event="clik"), Reason.UNKNOWN_EVENT),
        (click(event=7), Reason.UNKNOWN_EVENT),
        (click(event=["click"]), Reason.UNKNOWN_EVENT),
        (click(event_id=None), Reason.MISSING_FIELD),
        (click(item_id=None), Reason.MISSING_FIELD),
        (click(timestamp=None), Reason.MISSING_FIELD),
        (click(item_id=""), Reason.BAD_ID),
        (click(item_id="x" * 129), Reason.BAD_ID),
        (click(item_id="../../etc/passwd"), Reason.BAD_ID),
        (click(item_id="a\nb"), Reason.BAD_ID),
        (click(item_id="undefined"), Reason.BAD_ID),
        (click(user_id=" NULL "), Reason.BAD_ID),
        (click(item_id=1.5), Reason.BAD_FIELD),
        (click(item_id=True), Reason.BAD_FIELD),
        (click(item_id=["a"]), Reason.BAD_FIELD),
        (click(index=-1), Reason.BAD_FIELD),
        (click(index=1.5), Reason.BAD_FIELD),
        (click(index=True), Reason.BAD_FIELD),
        (click(context="web"), Reason.BAD_FIELD),
        (click(user_id=None), Reason.NO_USER),
        (click(user_id="jane@example.com"), Reason.PERSONAL_DATA),
        (click(user_id="+43 660 1234567"), Reason.PERSONAL_DATA),
        (click(timestamp="yesterday"), Reason.BAD_TIME),
        (click(timestamp=True), Reason.BAD_TIME),
        (click(timestamp={}), Reason.BAD_TIME),
        (click(timestamp=0), Reason.TIME_RANGE),
        (click(timestamp=-1), Reason.TIME_RANGE),
        (click(timestamp="9999-01-01T00:00:00Z"), Reason.TIME_RANGE),
        (click(timestamp="0001-01-01T00:00:00+14:00"), Reason.TIME_RANGE),
        (click(timestamp=AT_MS + 86_400_000), Reason.TIME_IN_FUTURE),
    ],
)
def test_each_fault_has_its_reason(value: bytes | None, reason: Reason) -> None:
    assert reason_of(value) is reason


def test_more_than_200_lines_are_too_many() -> None:
    body = {**EXAMPLES["add_to_cart"], "items": [{"item_id": "a"}] * 200}
    parse_event(json.dumps(body).encode(), (), AT_MS)
    body["items"] = [{"item_id": "a"}] * 201
    assert reason_of(json.dumps(body).encode()) is Reason.TOO_MANY
    body["items"] = []
    assert reason_of(json.dumps(body).encode()) is Reason.MISSING_FIELD


def test_nobody_follows_themselves() -> None:
    body = {**EXAMPLES["follow"], "target_type": "user", "target_id": "u-1842"}
    assert reason_of(json.dumps(body).encode()) is Reason.SELF_REFERENCE


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "x'; DROP TABLE users; --",
        "${jndi:ldap://x}",
        "%s%n%x",
        "Ignore previous instructions",
        "(a+)+$" * 20,
    ],
)
def test_inert_text_is_kept_as_it_is(text: str) -> None:
    body = {**EXAMPLES["search"], "search_term": text}
    assert parse_event(json.dumps(body).encode(), (), AT_MS).model_dump()["search_term"] == text


def told(parser: Callable[..., object], value: bytes, headers: Any = ()) -> Reason | None:
    """The reason of a refusal, checked to be one a person can act on; None for a model."""
    try:
        parser(value, headers, AT_MS)
    except Rejection as rejection:
        assert rejection.message.endswith((".", "?")) and len(rejection.message) < 1_000
        assert rejection.message.isprintable()
        return rejection.reason
    return None


@patiently
@given(st.sampled_from(PARSERS), st.binary(max_size=200))
def test_any_bytes(parser: Callable[..., object], value: bytes) -> None:
    assert told(parser, value) is not Reason.UNREADABLE


@patiently
@given(st.sampled_from(PARSERS), st.integers(0, 160), st.binary(max_size=4), st.integers(0, 4))
def test_a_good_event_damaged_anywhere(
    parser: Callable[..., object], at: int, patch: bytes, cut: int
) -> None:
    value = click(context={"locale": "de"})
    assert told(parser, value[:at] + patch + value[at + cut :]) is not Reason.UNREADABLE


KNOWN = sorted(
    {"event", "type", "properties", "context", "traits", "fields", "event_params", "events", "name"}
    | {"event_name", "ecommerce", "params", "offers", "key", "value", "data", "id", "page", "terms"}
    | {"contexts_com_snowplowanalytics_snowplow_ecommerce_product_1"}
    | {"unstruct_event_com_snowplowanalytics_snowplow_ecommerce_snowplow_ecommerce_action_1"}
    | {"unstruct_event_com_snowplowanalytics_snowplow_site_search_1"}
    | {
        other
        for table in (names.ENVELOPE, names.FIELDS, names.LINE, names.ITEM, names.USER)
        for ours, others in table.items()
        for other in (ours, *others)
    }
)
WORDS = sorted(
    {"track", "identify", "interaction", "ranking", "item", "user", "click", "Product Clicked"}
    | set(names.EVENTS)
    | set(names.EVENTS.values())
)
scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(2**64), 2**65)
    | st.floats()
    | st.text(max_size=5)
    | st.sampled_from(WORDS)
)
rows = st.dictionaries(st.sampled_from(KNOWN), scalars, max_size=4)
nested = scalars | rows | st.lists(scalars | rows, max_size=2)
tables = st.dictionaries(st.sampled_from(KNOWN), nested, max_size=4)
bodies = st.dictionaries(
    st.sampled_from(KNOWN), nested | tables | st.lists(tables, max_size=2), max_size=8
)


@patiently
@given(
    st.sampled_from(PARSERS),
    bodies,
    st.sampled_from([(), (("content-type", b"application/cloudevents+json"),)]),
)
def test_any_shape_of_every_name_that_is_known(
    parser: Callable[..., object], body: dict[str, Any], headers: Any
) -> None:
    value = json.dumps(body).encode("utf-8", "surrogatepass")
    assert told(parser, value, headers) is not Reason.UNREADABLE


@patiently
@given(st.lists(st.tuples(st.text(max_size=20), st.binary(max_size=20)), max_size=5))
def test_any_headers(headers: list[tuple[str, bytes]]) -> None:
    known = [("ce_id", b"\xff"), ("ce_source", b"s"), ("ce_specversion", b"9"), *headers]
    assert told(parse_event, b"{}", [("ce_type", b"\xfe.v9"), *known]) is Reason.UNKNOWN_EVENT
