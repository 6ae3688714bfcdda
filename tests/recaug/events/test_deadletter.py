"""Dead letters: what goes in comes out, and a second refusal replaces the first."""

from __future__ import annotations

from recaug.events import DeadLetter, Reason, Rejection, dead_letter_headers
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
    ]


def test_a_dead_letter_reads_back() -> None:
    headers = dead_letter_headers(WHY, "social", 0, 7, [("a", b"b")])
    letter = DeadLetter.read(b"k", b"v", headers)
    assert letter == DeadLetter("bad_id", WHY.message, "social", 0, 7, b"k", b"v", (("a", b"b"),))


def test_a_letter_sent_again_and_refused_again_tells_of_the_last_time() -> None:
    once = dead_letter_headers(WHY, "social", 0, 7, [("a", b"b")])
    twice = dead_letter_headers(WHY, "clickstream", 1, 8, once)
    assert twice == dead_letter_headers(WHY, "clickstream", 1, 8, [("a", b"b")])


def test_foreign_headers_read_as_far_as_they_go() -> None:
    letter = DeadLetter.read(None, None, [("__streams.errors.partition", b"\xff")])
    assert (letter.reason, letter.partition, letter.offset) == ("", -1, -1)


def test_every_reason_is_explained() -> None:
    assert set(MEANINGS) == set(Reason)
