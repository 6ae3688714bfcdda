"""The short way says what the long way says, or nothing."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from recaug.events import Rejection, parse_event, read_event, to_bytes
from recaug.events.canonical import canonical
from recaug.events.kinds import MODELS
from recaug.events.reasons import Reason

NOW = 1_764_000_000_000
WHO = {"event_id": "e1", "timestamp": NOW, "user_id": "u1"}


def written(event: dict[str, Any]) -> bytes:
    return json.dumps(event).encode()


def careful(value: bytes) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(to_bytes(parse_event(value, (), NOW)))
    return found


EXAMPLES: list[dict[str, Any]] = [
    {**example, "event_id": f"e-{n}"}
    for n, model in enumerate(MODELS.values())
    for example in model.model_config["json_schema_extra"]["examples"]  # type: ignore[index,call-overload,union-attr]
]


@pytest.mark.parametrize("event", EXAMPLES, ids=lambda event: event["event"])
def test_what_a_producer_of_ours_writes_is_recognised(event: dict[str, Any]) -> None:
    value = to_bytes(parse_event(written(event), (), NOW))
    if any(isinstance(held, str) and not any(c.isdigit() for c in held) for held in ids(event)):
        return  # an id without a digit takes the long way
    assert json.loads(json.dumps(canonical(value))) == json.loads(value)


def ids(event: dict[str, Any]) -> list[Any]:
    return [value for name, value in event.items() if name.endswith("_id")]


@pytest.mark.parametrize(
    "fields",
    [
        {"item_id": " i7"},  # to be trimmed
        {"item_id": "null"},  # a missing variable
        {"item_id": 7},  # a number
        {"item_id": "i..7"},
        {"item_id": "i7", "timestamp": 1764000000},  # seconds
        {"item_id": "i7", "user_id": "u1@shop.example"},
        {"item_id": "i7", "colour": "red"},  # unknown, to be dropped
        {"item_id": "i7", "index": None},  # nulls are not written
        {"item_id": "i7", "index": True},
        {"item_id": "i7", "item_list_name": "two  spaces"},
        {"item_id": "i7", "item_list_name": "ﬁ"},  # a ligature, NFKC changes it
    ],
)
def test_what_would_be_changed_or_refused_is_not_recognised(fields: dict[str, Any]) -> None:
    assert canonical(written({"event": "click", **WHO, **fields})) is None


def test_a_key_that_is_there_twice_is_not_recognised() -> None:
    twice = b'{"event":"click","event_id":"e1","timestamp":1764000000000,"user_id":"u1","user_id":"u1","item_id":"i7"}'  # noqa: E501
    assert canonical(twice) is None
    with pytest.raises(Rejection):
        read_event(twice, (), NOW)


def test_nobody_and_oneself_take_the_long_way() -> None:
    follow = {"event": "follow", **WHO, "target_type": "user", "target_id": "u1", "undo": False}
    assert canonical(written(follow)) is None
    assert canonical(written({**follow, "target_id": "u2"})) is not None
    nobody = {k: v for k, v in follow.items() if k != "user_id"}
    assert canonical(written({**nobody, "target_id": "u2"})) is None


def test_the_bytes_of_a_canonical_event_pass_as_they_are() -> None:
    value = b' {"item_id": "i7"}'.replace(b"}", b", " + written({"event": "click", **WHO})[1:])
    fields, passed = read_event(value, [("traceparent", b"00-1")], NOW)
    assert passed is value
    assert fields == {"event": "click", **WHO, "item_id": "i7"}


def test_the_short_way_looks_at_the_clock_too() -> None:
    with pytest.raises(Rejection) as caught:
        read_event(written({"event": "click", **WHO, "item_id": "i7"}), (), NOW - 400_000)
    assert caught.value.reason is Reason.TIME_IN_FUTURE


texts = st.text(max_size=12) | st.sampled_from(["i7", "null", "a b", "a  b", "x" * 129, "é7", "1"])
numbers = st.integers(-5, 10**14) | st.floats(allow_nan=False) | st.just(NOW)
free = st.dictionaries(texts, texts | numbers | st.none(), max_size=3)
lines = st.lists(
    st.fixed_dictionaries({"item_id": texts}, optional={"quantity": numbers, "price": numbers}),
    max_size=3,
)
fields = st.fixed_dictionaries(
    {"event": st.sampled_from([*MODELS]), **{name: st.just(value) for name, value in WHO.items()}},
    optional={
        "item_id": texts, "items": lines, "index": numbers, "value": numbers, "currency": texts,
        "target_type": st.sampled_from(["user", "item", "brand"]), "target_id": texts,
        "undo": st.booleans(), "search_term": texts, "properties": free, "session_id": texts,
        "context": st.fixed_dictionaries({}, optional={"locale": texts, "page_url": texts}),
        "transaction_id": texts, "anonymous_id": texts, "engagement_time_msec": numbers,
    },
)  # fmt: skip


@given(fields)
@example({"event": "click", **WHO, "item_id": "i7", "properties": {"a": 1.5, "b": None}})
@example({"event": "view", **WHO, "item_id": "i7", "engagement_time_msec": 3_600_001})
def test_both_ways_agree(event: dict[str, Any]) -> None:
    value = written(event)
    found = canonical(value)
    if found is not None:
        assert json.loads(json.dumps(found)) == json.loads(value) == careful(value)
