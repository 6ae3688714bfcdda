"""A sample is small, whoever writes to the topics."""

from __future__ import annotations

from recaug.page.pairs import GAP_MS, KEPT, MOST_BYTES, SHOWN, WAITING, Pair, Pairs


def add(pairs: Pairs, event_id: str, user: str = "u", answer: bytes = b"{}") -> None:
    pairs.add({"id": event_id, "user": user}, answer, 0.0)


def test_there_is_another_one_a_quarter_of_a_second_later() -> None:
    pairs = Pairs()
    assert pairs.wants(0.0)
    pairs.add({"id": "e1", "user": "u"}, b"{}", 1_000.0)
    assert not pairs.wants(1_000.0 + GAP_MS - 1)
    assert pairs.wants(1_000.0 + GAP_MS)


def test_more_are_kept_whole_than_shown_and_no_more_than_allowed() -> None:
    pairs = Pairs()
    for number in range(KEPT + 1):
        add(pairs, f"e{number}")
    assert [short["id"] for short in pairs.shown()] == [f"e{KEPT - n}" for n in range(SHOWN)]
    assert pairs.whole("e0") is None
    assert pairs.whole("e1") == Pair("u", None, b"{}")


def test_events_wait_for_their_answers_up_to_a_limit() -> None:
    pairs = Pairs()
    for number in range(WAITING + 1):
        pairs.saw(f"e{number}", b"event")
    for event_id in ("e0", "e1"):
        add(pairs, event_id)
    found = [pairs.whole(event_id) for event_id in ("e0", "e1")]
    assert [pair and pair.event for pair in found] == [None, b"event"]


def test_what_is_too_large_is_shown_in_short_alone() -> None:
    pairs = Pairs()
    add(pairs, "e1", answer=b"x" * (MOST_BYTES + 1))
    add(pairs, "e2")
    pairs.saw("e2", b"x" * (MOST_BYTES + 1))
    assert pairs.whole("e1") is None
    assert pairs.whole("e2") == Pair("u", None, b"{}")
    assert len(pairs.shown()) == 2


def test_nothing_of_an_erased_user_is_kept() -> None:
    pairs = Pairs()
    pairs.saw("e3", b"of ann")
    add(pairs, "e1", user="ann")
    add(pairs, "e2", user="bob")
    pairs.forget("ann")
    assert [short["id"] for short in pairs.shown()] == ["e2"]
    assert pairs.whole("e1") is None
    add(pairs, "e3", user="ann")
    assert pairs.whole("e3") == Pair("ann", None, b"{}")
