"""Dead letters: what goes in comes out, and a second refusal replaces the first."""

from __future__ import annotations

import hashlib

import pytest

from recaug.events import (
    DeadLetter,
    Reason,
    Rejection,
    check_refusals,
    dead_letter,
    dead_letter_headers,
)
from recaug.events.deadletter import MAX_REFUSALS
from recaug.events.reasons import MEANINGS

WHY = Rejection(Reason.BAD_ID, "item_id '' is not an id: send one.")


def test_headers_say_why_and_whence_after_the_records_own() -> None:
    assert dead_letter_headers(WHY, "clickstream", 3, 42, [("traceparent", b"00-1")]) == [
        ("traceparent", b"00-1"),
        ("__streams.errors.exception", b"bad_id"),
        ("__streams.errors.message", b"item_id '' is not an id: send one."),
        ("__streams.errors.topic", b"clickstream"),
        ("__streams.errors.partition", b"3"),
        ("__streams.errors.offset", b"42"),
        ("__streams.errors.stacktrace", b""),
        ("__streams.errors.count", b"1"),
    ]


def test_a_dead_letter_reads_back() -> None:
    headers = dead_letter_headers(WHY, "social", 0, 7, [("a", b"b")])
    letter = DeadLetter.read(b"k", b"v", headers)
    assert letter == DeadLetter("bad_id", WHY.message, "social", 0, 7, b"k", b"v", (("a", b"b"),))


def test_a_letter_sent_again_and_refused_again_tells_of_the_last_time() -> None:
    once = dead_letter_headers(WHY, "social", 0, 7, [("a", b"b")])
    twice = dead_letter_headers(WHY, "clickstream", 1, 8, once)
    fresh = dead_letter_headers(WHY, "clickstream", 1, 8, [("a", b"b")])
    assert twice[:-1] == fresh[:-1]
    assert twice[-1] == ("__streams.errors.count", b"2")


def test_a_record_refused_and_sent_again_is_parked_the_fourth_time() -> None:
    headers: list[tuple[str, bytes]] = [("a", b"b")]
    for _ in range(MAX_REFUSALS):
        check_refusals(headers)
        headers = dead_letter(WHY, ("social", 0, 7), b"k", b"v", headers).headers
    check_refusals(headers)
    headers = dead_letter(WHY, ("social", 0, 7), b"k", b"v", headers).headers
    with pytest.raises(Rejection) as caught:
        check_refusals(headers)
    assert caught.value.reason is Reason.PARKED
    assert "refused 4 times" in caught.value.message


@pytest.mark.parametrize("count", [b"", b"-4", b"4.0", b"\xff", b"9" * 30])
def test_a_count_that_is_none_is_none(count: bytes) -> None:
    check_refusals([("__streams.errors.count", count)])


@pytest.mark.parametrize(
    ("key", "value", "headers"),
    [
        (b"k", b"x" * 2_000_000, []),
        (b"k" * 1_100_000, b"{}", []),
        (b"k", None, [("h", b"x" * 1_100_000)]),
        (b"k", b"{}", [("", b"")] * 100_000),
    ],
)
def test_what_the_topic_would_not_take_is_cut(
    key: bytes, value: bytes | None, headers: list[tuple[str, bytes]]
) -> None:
    letter = dead_letter(WHY, ("social", 0, 7), key, value, headers)
    told = sum(len(name) + len(text) for name, text in letter.headers)
    assert len(letter.key or b"") + len(letter.value or b"") + told < 8_192
    assert key.startswith(letter.key or b"") and (value or b"").startswith(letter.value or b"")
    about = dict(letter.headers)["__streams.errors.cut"].decode()
    size, digest = about.split()
    assert size == f"bytes={len(value or b'')}"
    assert digest == f"sha256={hashlib.sha256(value or b'').hexdigest()}"


def test_a_whole_record_is_kept_whole() -> None:
    value = b"x" * 1_000_000
    letter = dead_letter(WHY, ("social", 0, 7), b"k", value, [("a", b"b")])
    assert (letter.key, letter.value) == (b"k", value)
    assert letter.headers == dead_letter_headers(WHY, "social", 0, 7, [("a", b"b")])


def test_of_a_person_by_name_nothing_is_kept() -> None:
    why = Rejection(Reason.PERSONAL_DATA, "user_id looks like an e-mail address.")
    letter = dead_letter(why, ("users", 0, 7), b"jane@x.example", b"jane@x.example", [("j", b"j")])
    assert (letter.key, letter.value) == (None, None)
    assert not any(b"jane" in text for _, text in letter.headers)
    assert dict(letter.headers)["__streams.errors.cut"] == b"personal data"
    assert DeadLetter.read(letter.key, letter.value, letter.headers).offset == 7


def test_foreign_headers_read_as_far_as_they_go() -> None:
    letter = DeadLetter.read(None, None, [("__streams.errors.partition", b"\xff")])
    assert (letter.reason, letter.partition, letter.offset) == ("", -1, -1)


def test_every_reason_is_explained() -> None:
    assert set(MEANINGS) == set(Reason)
