"""Who was erased, and when; who refused: remembered within bounds, and over a restart."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recaug.clean import Accepted, Outcome, RawRecord, Rejected, erased
from recaug.consent import Refusals, allows
from recaug.contributions import Contributions
from recaug.erase import Erasures
from recaug.events import Reason
from recaug.topics import Topics

TOPICS = Topics()


def test_what_was_appended_up_to_the_null_is_covered_and_what_came_after_is_not() -> None:
    erasures = Erasures()
    erasures.erase("ann", 100)
    assert [erasures.covers("ann", at) for at in (0, 99, 100, 101)] == [True, True, True, False]
    assert not erasures.covers("bob", 50)
    assert [erasures.reaches(at) for at in (100, 101)] == [True, False]


def test_the_later_of_two_erasures_counts_whichever_is_heard_of_first() -> None:
    erasures = Erasures()
    erasures.erase("ann", 100)
    erasures.erase("ann", 40)
    assert erasures.covers("ann", 100)
    assert len(erasures) == 1


def test_the_oldest_erasures_are_forgotten_beyond_the_limit() -> None:
    erasures = Erasures(most=2)
    for at, user in enumerate(["ann", "bob", "cid"], start=10):
        erasures.erase(user, at)
    assert [erasures.covers(user, 5) for user in ("ann", "bob", "cid")] == [False, True, True]


@given(st.lists(st.tuples(st.text(), st.integers(0, 2**62)), max_size=20), st.integers(1, 10))
def test_erasures_survive_a_restart_without_a_name_in_what_is_written(
    made: list[tuple[str, int]], most: int
) -> None:
    before, after = Erasures(most), Erasures(most)
    for user, at_ms in made:
        before.erase(user, at_ms)
    written = before.snapshot()
    assert len(written) == 24 * len(before) <= 24 * most
    after.restore(written)
    assert after.snapshot() == written
    for user, at_ms in made:
        assert after.covers(user, at_ms) == before.covers(user, at_ms)
        assert len(user) < 8 or user.encode("utf-8", "surrogatepass") not in written


def test_a_snapshot_cut_short_is_refused() -> None:
    with pytest.raises(ValueError, match="cut short"):
        Erasures().restore(b"x" * 25)
    with pytest.raises(ValueError, match="cut short"):
        Refusals().restore(b"x" * 17)


def test_a_refusal_holds_until_it_is_taken_back() -> None:
    refusals = Refusals()
    assert (refusals.add("ann"), refusals.add("ann")) == (True, False)
    assert ("ann" in refusals, "bob" in refusals) == (True, False)
    restored = Refusals()
    restored.restore(refusals.snapshot())
    assert "ann" in restored
    assert (restored.discard("ann"), restored.discard("ann")) == (True, False)
    assert "ann" not in restored


def test_refusals_have_a_limit() -> None:
    refusals = Refusals(most=1)
    refusals.add("ann")
    refusals.add("bob")
    assert ("ann" in refusals, "bob" in refusals, len(refusals)) == (False, True, 1)


@pytest.mark.parametrize(
    ("consent", "allowed"),
    [({}, True), ({"consent": None}, True), ({"consent": {}}, True),
     ({"consent": {"personalization": True}}, True),
     ({"consent": {"personalization": False}}, False)],
)  # fmt: skip
def test_a_document_that_says_nothing_allows(consent: dict[str, object], allowed: bool) -> None:
    assert allows({"user_id": "ann", **consent}) is allowed


def test_what_somebody_added_is_given_back_once_and_nobody_elses() -> None:
    held = Contributions(most=4)
    held.add("ann", ["a", "b"], 1)
    held.add("bob", ["a"], 2)
    assert held.take("ann") == [("a", 1), ("b", 1)]
    assert held.take("ann") == []
    assert held.take("bob") == [("a", 2)]


def test_only_the_newest_additions_can_be_taken_back() -> None:
    held = Contributions(most=3)
    held.add("ann", ["a"], 1)
    held.add("bob", ["b", "c", "d"], 2)
    assert held.take("ann") == []
    assert sorted(held.take("bob")) == [("b", 2), ("c", 2), ("d", 2)]


# -- records that clean reads late -----------------------------------------------------------------


def raw(topic: str, key: bytes | None, at_ms: int) -> RawRecord:
    return RawRecord(topic, 0, 7, key, b"{}", [("who", b"ann")], at_ms)


def accepted(user: str, at_ms: int) -> Accepted:
    record = raw("clickstream", None, at_ms)
    return Accepted(record, TOPICS.events, user.encode(), b"{}", [])


def fates(*outcomes: Outcome) -> list[str]:
    erasures = Erasures()
    erased.note(erasures, b"ann", 100)
    kept = erased.withhold(outcomes, TOPICS, erasures)
    assert [one.record for one in kept] == [one.record for one in outcomes]
    return [one.reason if isinstance(one, Rejected) else "accepted" for one in kept]


def test_an_event_sent_before_the_null_and_read_after_it_is_refused() -> None:
    got = fates(accepted("ann", 100), accepted("ann", 101), accepted("bob", 50))
    assert got == [Reason.ERASED, "accepted", "accepted"]


def test_a_bad_record_of_somebody_erased_says_no_more_than_that() -> None:
    bad = Rejected(raw("social", b"ann", 99), Reason.BAD_JSON, "ann sent nonsense")
    later = Rejected(raw("social", b"ann", 101), Reason.BAD_JSON, "ann sent nonsense")
    nobody = Rejected(raw("social", None, 99), Reason.BAD_JSON, "nonsense")
    assert fates(bad, later, nobody) == [Reason.ERASED, Reason.BAD_JSON, Reason.BAD_JSON]


def test_documents_are_never_late() -> None:
    """An item may have the id of a user; users' documents have an order with their nulls."""
    item = Accepted(raw("items", b"ann", 50), TOPICS.clean_items, b"ann", b"{}", [])
    user = Accepted(raw("users", b"ann", 50), TOPICS.clean_users, b"ann", b"{}", [])
    assert fates(item, user) == ["accepted", "accepted"]


def test_a_null_whose_key_is_no_id_erases_nobody() -> None:
    erasures = Erasures()
    for key in (None, b"", b"\xff\xfe"):
        erased.note(erasures, key, 100)
    assert len(erasures) == 0
