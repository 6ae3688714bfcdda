"""What the session index holds, and what it does not hold any more."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from recaug.session_index import SessionIndex
from tests.hostile.holdings import largest


def test_an_item_is_forgotten_with_its_last_session() -> None:
    index = SessionIndex(sessions=8, per_item=8, length=8, items=8)
    for session, item in [("s1", "a"), ("s1", "b"), ("s2", "b")]:
        index.learn(session, item)
    index.forget("s1")
    assert index.rows.keys() == {"b"}
    assert [name for name in index.names if name is not None] == ["b"]
    assert index.items.sum() == index.rows["b"]  # no row of the erased session is left


def test_it_says_what_a_session_did_not_hold_yet() -> None:
    index = SessionIndex(sessions=8, per_item=8, length=2, items=4)
    clicks = [("s", "a"), ("s", "b"), ("t", "a"), ("s", "a"), ("s", "c"), ("s", "b")]
    # s holds two: c takes the place of b, for a was clicked again since.
    assert [index.learn(*one) for one in clicks] == [True, True, True, False, True, True]


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)), max_size=200))
def test_never_holds_more_than_its_bounds(log: list[tuple[int, int]]) -> None:
    index = SessionIndex(sessions=4, per_item=2, length=3, items=5)
    for session, item in log:
        index.learn(session, item)
        assert len(index) <= 4
        assert largest(index) <= 5
        assert all(len(index.listed([row], 9)[0]) <= 2 for row in index.rows.values())
