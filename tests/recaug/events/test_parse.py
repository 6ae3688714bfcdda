"""Canonical events: read, written, read again; and the two paths agree."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recaug.events import (
    Click,
    Reason,
    Rejection,
    parse,
    parse_event,
    parse_item,
    parse_item_key,
    parse_user,
    parse_user_key,
    to_bytes,
)
from recaug.events.kinds import MODELS
from recaug.events.schema import event_schema
from tests.recaug.events.examples import AT_MS, EVENTS, EXAMPLES, click, patiently

VALIDATOR = jsonschema.Draft202012Validator(event_schema())


def refused(value: bytes | None, **limits: int) -> Rejection:
    with pytest.raises(Rejection) as caught:
        parse_event(value, (), AT_MS, **limits)
    return caught.value


@pytest.mark.parametrize("kind", EVENTS)
def test_each_example_is_read_as_its_model_with_its_values(kind: str) -> None:
    event = parse_event(json.dumps(EVENTS[kind]).encode(), (), AT_MS)
    assert type(event) is MODELS[kind]
    written = json.loads(to_bytes(event))
    assert written["event_id"] == EVENTS[kind]["event_id"]
    assert EVENTS[kind].keys() <= written.keys()


@pytest.mark.parametrize("kind", EVENTS)
def test_canonical_events_take_the_fast_path(kind: str) -> None:
    value = to_bytes(parse_event(json.dumps(EVENTS[kind]).encode(), (), AT_MS))
    assert parse._at_once(parse._EVENT, value) == parse_event(value, (), AT_MS)


def test_canonical_json_is_the_documented_fields_without_nulls() -> None:
    value = (
        b'{"event":"click","event_id":"e1","timestamp":1764000000000,"user_id":"u1","item_id":"i7"}'
    )
    event = parse_event(value, (), AT_MS)
    assert event == Click(event_id="e1", timestamp=AT_MS, user_id="u1", item_id="i7")
    assert to_bytes(event) == value


def test_nulls_are_fields_left_out() -> None:
    value = json.dumps({**EVENTS["click"], "anonymous_id": None, "context": None}).encode()
    assert parse_event(value, (), AT_MS) == parse_event(click(), (), AT_MS)


def test_unknown_fields_are_dropped() -> None:
    assert parse_event(click(colour="red"), (), AT_MS) == parse_event(click(), (), AT_MS)


def test_white_space_between_tokens_changes_nothing() -> None:
    value = json.dumps(EVENTS["purchase"], indent=4, separators=(" , ", " : ")).encode()
    plain = json.dumps(EVENTS["purchase"]).encode()
    assert parse_event(value, (), AT_MS) == parse_event(plain, (), AT_MS)


def test_the_longest_value_is_a_setting() -> None:
    value = click()
    parse_event(value, (), AT_MS, max_bytes=len(value))
    assert refused(value, max_bytes=len(value) - 1).reason is Reason.TOO_LARGE


def test_event_time_may_lead_the_clock_by_five_minutes_and_no_more() -> None:
    parse_event(click(timestamp=AT_MS + 300_000), (), AT_MS)
    late = refused(click(timestamp=AT_MS + 300_001))
    assert late.reason is Reason.TIME_IN_FUTURE
    assert "300 s ahead" in late.message


def test_old_events_are_read() -> None:
    assert parse_event(click(timestamp=880_000_000_000), (), AT_MS).timestamp == 880_000_000_000


def test_documents_are_read_and_written() -> None:
    item = parse_item(json.dumps(EXAMPLES["item"]).encode(), (), AT_MS)
    user = parse_user(json.dumps(EXAMPLES["user"]).encode(), (), AT_MS)
    assert (item.categories, item.is_hidden) == (("outdoor", "jackets"), False)
    assert user.consent.personalization
    assert parse_item(to_bytes(item), (), AT_MS) == item
    assert parse_user(to_bytes(user), (), AT_MS) == user


def test_a_document_is_refused_for_its_own_missing_field() -> None:
    with pytest.raises(Rejection, match=r"missing_field: item_id is missing: add it\. The item"):
        parse_item(b'{"timestamp": 1764000000000}', (), AT_MS)


def test_keys_are_ids_in_their_normal_form() -> None:
    assert parse_item_key(b" sku-1\n") == "sku-1"
    assert parse_user_key("ü".encode()) == "ü"


@pytest.mark.parametrize(
    ("key", "reason"),
    [
        (None, Reason.NO_KEY),
        (b"", Reason.NO_KEY),
        (b"\xff", Reason.BAD_ENCODING),
        (b"undefined", Reason.BAD_ID),
        (b"a/../b", Reason.BAD_ID),
        (b"jane@example.com", Reason.PERSONAL_DATA),
    ],
)
def test_keys_that_are_no_ids(key: bytes | None, reason: Reason) -> None:
    with pytest.raises(Rejection) as caught:
        parse_user_key(key)
    assert caught.value.reason is reason


# Text with everything normalisation is about: marks, joiners, controls, compatibility forms.
texts = st.text(
    st.sampled_from("aZ9 \t\n.é\u0301\u200d\u200b\u202e\ufeffﬁ①क्\U0001f469\x00\x7f")
    | st.characters(),
    min_size=1,
    max_size=40,
)
ids = texts | st.integers(0, 2**63 - 1)
free = st.dictionaries(
    texts, st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | texts, max_size=3
)
lines = st.lists(
    st.fixed_dictionaries(
        {"item_id": ids},
        optional={"quantity": st.integers(1, 9), "price": st.floats(0, 1e12), "item_name": texts},
    ),
    min_size=1,
    max_size=3,
)
bodies = st.fixed_dictionaries(
    {"event": st.sampled_from(sorted(EVENTS)), "event_id": ids, "user_id": ids, "item_id": ids},
    optional={
        "timestamp": st.integers(10**11, AT_MS) | st.just("2025-11-24T10:00:00+01:00"),
        "session_id": ids,
        "properties": free,
        "context": st.fixed_dictionaries({}, optional={"locale": texts, "page_url": texts}),
        "items": lines,
        "transaction_id": ids,
        "value": st.floats(0, 1e12),
        "currency": st.just("eur"),
        "search_term": texts,
        "target_type": st.sampled_from(["user", "brand", "topic", "item"]),
        "target_id": ids,
        "text": texts,
        "index": st.integers(0, 9),
    },
)


@patiently
@given(bodies)
def test_what_was_written_reads_back_the_same_and_fits_the_schema(
    body: dict[str, Any],
) -> None:
    body = {"timestamp": AT_MS, "value": 1, "currency": "EUR", "transaction_id": "o", **body}
    try:
        event = parse_event(json.dumps(body).encode(), (), AT_MS)
    except Rejection as rejection:
        assert rejection.reason is not Reason.UNREADABLE
        return
    written = to_bytes(event)
    assert to_bytes(parse_event(written, (), AT_MS)) == written
    VALIDATOR.validate(json.loads(written))
