"""One outcome per record, whatever the record."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recaug.clean import Accepted, Cleaner, Duplicate, RawRecord, Rejected
from recaug.events import Reason, parse_event, to_bytes
from recaug.settings import Settings
from recaug.topics import Topics

NOW = 1_764_000_000_000
TOPICS = Topics()


def click(**fields: Any) -> dict[str, Any]:
    common = {"event": "click", "event_id": "e1", "timestamp": NOW, "user_id": "u1"}
    return {**common, "item_id": "i7", **fields}


def record(
    value: dict[str, Any] | bytes | None,
    offset: int = 0,
    topic: str = "clickstream",
    key: bytes | None = b"u1",
    partition: int = 0,
) -> RawRecord:
    encoded = json.dumps(value).encode() if isinstance(value, dict) else value
    return RawRecord(topic, partition, offset, key, encoded, (), NOW)


def clean(*records: RawRecord, **settings: Any) -> list[Any]:
    return list(Cleaner(Settings(**settings)).clean(records, NOW))


def test_a_canonical_event_goes_on_unchanged() -> None:
    given_record = record(click(), offset=41, partition=3)
    (outcome,) = clean(given_record)
    assert isinstance(outcome, Accepted)
    assert outcome.record is given_record
    assert (outcome.topic, outcome.key) == (TOPICS.events, b"u1")
    assert outcome.value is not None
    assert json.loads(outcome.value) == click()
    assert outcome.headers == [("src", b"clickstream:3:41")]


def test_a_dialect_is_translated_and_keyed_by_its_user() -> None:
    segment = {
        "type": "track",
        "event": "Product Clicked",
        "messageId": "m1",
        "anonymousId": "a9",
        "timestamp": "2025-11-24T16:00:00Z",
        "properties": {"product_id": "i7"},
    }
    (outcome,) = clean(record(segment, key=None))
    assert isinstance(outcome, Accepted), outcome
    assert outcome.key == b"a9"
    assert outcome.value is not None
    fields = json.loads(outcome.value)
    assert (fields["event"], fields["item_id"], fields["timestamp"]) == ("click", "i7", NOW)


def test_a_replay_passes_and_a_resend_does_not() -> None:
    first, resend = record(click(), offset=5), record(click(), offset=9)
    outcomes = clean(first, resend, first, resend)
    assert outcomes[0] == outcomes[2]
    assert isinstance(outcomes[0], Accepted)
    assert outcomes[1] == outcomes[3] == Duplicate(resend, of="clickstream:0:5")


def test_a_replay_is_not_counted_again() -> None:
    again = [record(click(), offset=5)] * 10
    assert all(isinstance(outcome, Accepted) for outcome in clean(*again, user_limit=1))


def test_another_users_event_id_is_no_resend() -> None:
    outcomes = clean(record(click()), record(click(user_id="u2"), offset=1))
    assert isinstance(outcomes[1], Rejected)
    assert outcomes[1].reason is Reason.EVENT_ID_REUSED
    assert "clickstream:0:0" in outcomes[1].message


def test_resends_are_remembered_per_partition_and_within_bounds() -> None:
    events = [record(click(event_id=f"e{n}"), offset=n) for n in range(4)]
    resends = [record(click(event_id=f"e{n}"), offset=10 + n) for n in (3, 0)]
    outcomes = clean(*events, *resends, resend_window=3)
    assert isinstance(outcomes[4], Duplicate)
    assert isinstance(outcomes[5], Accepted)
    apart = clean(record(click()), record(click(), partition=1))
    assert all(isinstance(outcome, Accepted) for outcome in apart)


def test_a_refused_event_is_not_remembered() -> None:
    events = [record(click(event_id=f"e{n}"), offset=n) for n in range(2)]
    outcomes = clean(*events, events[1], user_limit=1)
    assert [type(outcome) for outcome in outcomes] == [Accepted, Rejected, Rejected]
    assert outcomes[2].reason is Reason.USER_FLOOD


def test_a_document_goes_to_its_compacted_topic() -> None:
    item = {"item_id": "i7", "timestamp": NOW, "name": "Lamp"}
    user = {"user_id": "u1", "timestamp": NOW, "country": "FR"}
    outcomes = clean(
        record(item, offset=3, topic="items", key=b"i7"), record(user, topic="users", key=b"u1")
    )
    assert [(o.topic, o.key) for o in outcomes] == [
        (TOPICS.clean_items, b"i7"),
        (TOPICS.clean_users, b"u1"),
    ]
    for outcome, document in zip(outcomes, (item, user), strict=True):
        assert json.loads(outcome.value).items() >= document.items()
    assert dict(outcomes[0].headers)["src"] == b"items:0:3"


def test_no_value_deletes_a_document_and_is_no_event() -> None:
    outcomes = clean(
        record(None, topic="items", key=b"i7"),
        record(None, topic="users", key=b"u1"),
        record(None),
        record(None, topic="items", key=None),
        record(None, topic="items", key=b"\xff"),
    )
    assert [(o.key, o.value) for o in outcomes[:2]] == [(b"i7", None), (b"u1", None)]
    assert [o.reason for o in outcomes[2:]] == [
        Reason.NULL_VALUE,
        Reason.NO_KEY,
        Reason.BAD_ENCODING,
    ]


@pytest.mark.parametrize(
    ("topic", "value"),
    [
        ("items", {"item_id": "i8", "timestamp": NOW}),
        ("users", {"user_id": "u8", "timestamp": NOW}),
    ],
)
def test_a_document_under_another_key_is_refused(topic: str, value: dict[str, Any]) -> None:
    (outcome,) = clean(record(value, topic=topic, key=b"x1"))
    assert isinstance(outcome, Rejected)
    assert outcome.reason is Reason.KEY_MISMATCH
    assert "'x1'" in outcome.message


def test_limits_are_settings() -> None:
    ahead = record(click(timestamp=NOW + 2_000))
    assert isinstance(clean(ahead)[0], Accepted)
    assert clean(ahead, max_future_s=1.0)[0].reason is Reason.TIME_IN_FUTURE
    long = record(click(properties={"text": "x" * 500}))
    assert isinstance(clean(long)[0], Accepted)
    assert clean(long, max_bytes=400)[0].reason is Reason.TOO_LARGE


def test_topics_carry_the_prefix() -> None:
    (outcome,) = clean(record(click(), topic="t1.clickstream"), prefix="t1.")
    assert outcome.topic.name == "t1.recaug.events"


def replayed(n: int, original: Any) -> RawRecord:
    properties = {"original_timestamp": original}
    return record(click(event_id=f"e{n}", item_id=f"i{n}", properties=properties), offset=n)


@pytest.mark.parametrize(
    "original",
    [
        lambda n: 881_250_949 + 60 * n,
        lambda n: f"{881_250_949 + 60 * n}",
        lambda n: f"1997-12-04T15:{n % 60:02d}:00Z",
    ],
)
def test_a_replay_at_full_speed_is_limited_by_when_things_happened(original: Any) -> None:
    outcomes = clean(*(replayed(n, original(n)) for n in range(40)), user_limit=5)
    assert {type(outcome) for outcome in outcomes} == {Accepted}


@pytest.mark.parametrize("original", [None, True, [], "long ago", -1, 10**40, NOW + 9])
def test_an_original_time_that_is_none_opens_no_door(original: Any) -> None:
    outcomes = clean(*(replayed(n, original) for n in range(6)), user_limit=5)
    assert type(outcomes[-1]) is Rejected


purchase = {
    "event": "purchase",
    "transaction_id": "t1",
    "items": [{"item_id": "i1"}, {"item_id": "i1"}, {"item_id": "i2"}],
    "value": 9.5,
    "currency": "EUR",
}


@pytest.mark.parametrize(
    ("fields", "limited"),
    [
        ({}, True),
        (purchase, True),
        ({"event": "like", "target_type": "item", "target_id": "i7"}, True),
        ({"event": "search", "search_term": "lamp"}, True),
        ({"event": "impression", "items": [{"item_id": "i7", "index": 0}]}, False),
    ],
)
def test_what_a_user_acts_on_is_limited_and_what_is_shown_is_not(
    fields: dict[str, Any], limited: bool
) -> None:
    events = [record(click(**fields, event_id=f"e{n}"), offset=n) for n in range(3)]
    outcomes = clean(*events, user_item_limit=2)
    assert [type(o) for o in outcomes] == [Accepted, Accepted, Rejected if limited else Accepted]


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)
near_events = st.builds(
    lambda changes, gone: {k: v for k, v in {**click(), **changes}.items() if k not in gone},
    st.dictionaries(
        st.sampled_from([*click(), "event", "items", "target_type", "anonymous_id"]), json_values
    ),
    st.sets(st.sampled_from([*click()]), max_size=2),
).map(lambda event: json.dumps(event).encode())
headers = st.lists(
    st.tuples(
        st.sampled_from(["content-type", "ce_id", "ce_type", "ce_source", "ce_specversion", "x"]),
        st.binary(max_size=20) | st.just(b"application/cloudevents+json"),
    ),
    max_size=4,
)
records = st.lists(
    st.builds(
        RawRecord,
        st.sampled_from([topic.name for topic in TOPICS.inputs]),
        st.integers(0, 3),
        st.integers(0, 2**62),
        st.none() | st.binary(max_size=10) | st.just(b"i7"),
        st.none()
        | st.binary(max_size=60)
        | near_events
        | json_values.map(lambda v: json.dumps(v).encode()),
        headers,
        st.just(NOW),
    ),
    max_size=6,
)


@given(records)
def test_total_and_in_order(batch: list[RawRecord]) -> None:
    outcomes = Cleaner(Settings()).clean(batch, NOW)
    assert [outcome.record for outcome in outcomes] == batch
    for outcome in outcomes:
        if isinstance(outcome, Rejected):
            assert outcome.message
        elif isinstance(outcome, Accepted) and outcome.topic == TOPICS.events:
            event = parse_event(outcome.value, outcome.headers, NOW)
            assert outcome.value is not None
            canonical, written = json.loads(to_bytes(event)), json.loads(outcome.value)
            assert canonical == written, "what clean writes is canonical"
