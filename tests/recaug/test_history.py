"""What a user's history keeps, in any order of arrival and under any replay."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recaug.events import KINDS
from recaug.history import HIDDEN, History


def click(item: str, at_ms: int) -> dict[str, Any]:
    return {"event": "click", "timestamp": at_ms, "item_id": item}


def like(item: str, at_ms: int, **fields: Any) -> dict[str, Any]:
    common = {"event": "like", "timestamp": at_ms, "target_type": "item", "target_id": item}
    return {**common, **fields}


def folded(events: list[dict[str, Any]], limit: int = 50) -> History:
    history = History(limit)
    for event in events:
        history.fold(event)
    return history


items = st.sampled_from([f"i{n}" for n in range(6)])
times = st.integers(0, 30)
opinions = st.builds(like, items, times) | st.builds(
    lambda item, at_ms, fields: like(item, at_ms, **fields),
    items,
    times,
    st.sampled_from([{"undo": True}, {"value": -1}, {"value": -1, "undo": True}, {"value": 1}]),
)


def logs(of: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[list[dict[str, Any]]]:
    """No two events of one item in the same millisecond: those would be one row."""

    def item_and_time(event: dict[str, Any]) -> tuple[str, int]:
        return event.get("item_id") or event["target_id"], event["timestamp"]

    return st.lists(of, max_size=40, unique_by=item_and_time)


behaviour = logs(st.builds(click, items, times))
events = logs(st.builds(click, items, times) | opinions)


def test_keeps_one_row_per_item_oldest_first() -> None:
    history = folded(
        [
            click("b", 20),
            click("a", 10),
            {"event": "purchase", "timestamp": 15, "items": [{"item_id": "x"}, {"item_id": "y"}]},
            {"event": "search", "timestamp": 16, "search_term": "shoes", "item_ids": ["q"]},
            {"event": "impression", "timestamp": 17, "items": [{"item_id": "z"}]},
        ]
    )
    assert history.items == ["a", "x", "y", "b"]
    assert history.kinds == [KINDS["click"], KINDS["purchase"], KINDS["purchase"], KINDS["click"]]
    assert history.times_ms == [10, 15, 15, 20]
    assert history.seen == {"a", "b", "x", "y"}
    assert len(history) == 4


def test_keeps_the_newest_by_event_time() -> None:
    history = folded([click(f"i{n}", n) for n in (5, 1, 9, 3, 7)], limit=3)
    assert history.items == ["i5", "i7", "i9"]
    assert history.fold(click("late", 4)) is False
    assert history.items == ["i5", "i7", "i9"]


def test_a_click_twice_at_different_times_is_two_rows() -> None:
    history = folded([click("a", 1), click("a", 2), click("a", 2)])
    assert (history.items, history.times_ms) == (["a", "a"], [1, 2])


def test_taking_back_a_like_removes_it_and_nothing_else() -> None:
    history = folded([click("a", 1), like("a", 2), like("b", 3), like("a", 4, undo=True)])
    assert (history.items, history.kinds) == (["a", "b"], [KINDS["click"], KINDS["like"]])


def test_a_dislike_removes_the_item_and_hides_it_until_it_is_liked() -> None:
    history = folded([click("a", 1), click("b", 2), like("a", 3, value=-1)])
    assert (history.items, history.hidden) == (["b"], {"a": 3})
    history.fold(click("a", 2))
    assert history.items == ["b"], "an older event that came late"
    history.fold(like("a", 5))
    assert (history.items, history.hidden) == (["b", "a"], {})


def test_taking_back_a_dislike_shows_the_item_again() -> None:
    history = folded([like("a", 3, value=-1), like("a", 4, value=-1, undo=True)])
    assert (history.items, history.hidden) == ([], {})


def test_following_a_brand_is_no_item() -> None:
    event = {"event": "follow", "timestamp": 1, "target_type": "brand", "target_id": "acme"}
    assert folded([event]).items == []


def test_hidden_items_are_bounded_to_the_newest() -> None:
    history = folded([like(f"i{n}", n, value=-1) for n in range(HIDDEN + 10)])
    assert sorted(history.hidden.values()) == list(range(10, HIDDEN + 10))


@given(st.lists(st.tuples(items, st.integers(0, 10**12)), unique_by=lambda e: e[1]), st.randoms())
def test_order_of_arrival_does_not_matter(rows: list[tuple[str, int]], shuffler: Any) -> None:
    shuffled = list(rows)
    shuffler.shuffle(shuffled)
    history = folded([click(item, at_ms) for item, at_ms in shuffled], limit=5)
    newest = sorted(rows, key=lambda row: row[1])[-5:]
    assert list(zip(history.items, history.times_ms, strict=True)) == newest


@given(behaviour, st.integers(0, 40), st.integers(1, 6))
@settings(max_examples=300)
def test_replaying_the_end_of_the_log_changes_nothing(
    log: list[dict[str, Any]], start: int, limit: int
) -> None:
    log.sort(key=lambda event: event["timestamp"])
    assert folded([*log, *log[start:]], limit) == folded(log, limit)


@given(events, st.integers(0, 40))
@settings(max_examples=300)
def test_replaying_opinions_changes_nothing(log: list[dict[str, Any]], start: int) -> None:
    log.sort(key=lambda event: event["timestamp"])
    assert folded([*log, *log[start:]]) == folded(log)


@given(events, st.integers(1, 6))
def test_stays_within_its_bounds_and_in_order(log: list[dict[str, Any]], limit: int) -> None:
    history = folded(log, limit)
    assert len(history.items) == len(history.kinds) == len(history.times_ms) <= limit
    assert history.times_ms == sorted(history.times_ms)
    assert history.seen.isdisjoint(
        item for item, at_ms in history.hidden.items() if at_ms >= max(history.times_ms, default=0)
    )


@given(
    st.lists(
        st.tuples(
            st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
            st.integers(-(2**40), 2**45),
        ),
        max_size=60,
    ),
    st.booleans(),
)
def test_decodes_what_it_encodes(rows: list[tuple[str, int]], dislike: bool) -> None:
    history = folded([click(item, at_ms) for item, at_ms in rows])
    for item, at_ms in rows[:5] if dislike else []:
        history.fold(like(item, at_ms, value=-1))
    assert History.decode(history.encode()) == history


@given(st.binary(max_size=200))
def test_decoding_any_bytes_fails_cleanly(data: bytes) -> None:
    try:
        History.decode(data)
    except ValueError:
        return


@given(st.data())
def test_a_cut_encoding_is_refused(data: st.DataObject) -> None:
    whole = folded([click(f"item-{n}", n) for n in range(20)]).encode()
    with pytest.raises(ValueError, match="not a history"):
        History.decode(whole[: data.draw(st.integers(0, len(whole) - 1))])


def test_a_smaller_limit_decodes_the_newest() -> None:
    data = folded([click(f"i{n}", n) for n in range(10)]).encode()
    assert History.decode(data, limit=3) == folded([click(f"i{n}", n) for n in (7, 8, 9)])


def test_fifty_events_fit_in_400_bytes() -> None:
    # A week of clicks on ids of seven characters.
    log = [click(f"i{n:06d}", 1_764_000_000_000 + n * 12_096_000) for n in range(50)]
    assert len(folded(log).encode()) <= 400


def test_ids_beyond_the_contract_are_left_out() -> None:
    history = folded([click("x" * 256, 1), like("x" * 256, 2, value=-1)])
    assert history == History()
