"""Popularity against the sum it stands for, written out."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recaug import popularity as module
from recaug.popularity import Popularity

HOUR_MS = 3_600_000

events = st.lists(
    st.tuples(
        st.sampled_from([f"i{n}" for n in range(12)]),
        st.integers(0, 100 * HOUR_MS),
        st.sampled_from([0.5, 1.0, 2.0]),
    ),
    max_size=60,
)


def written_out(counted: list[tuple[str, int, float]], now_ms: int) -> dict[str, float]:
    scores: dict[str, float] = {}
    for item, at_ms, weight in counted:
        scores[item] = scores.get(item, 0.0) + weight * 0.5 ** ((now_ms - at_ms) / HOUR_MS)
    return scores


def filled(counted: list[tuple[str, int, float]]) -> Popularity:
    popularity = Popularity(half_life_s=3_600.0)
    for item, at_ms, weight in counted:
        popularity.add(item, at_ms, weight)
    return popularity


def test_halves_every_half_life() -> None:
    popularity = Popularity(half_life_s=3_600.0)
    popularity.add("a", 0)
    popularity.add("b", 0, 3.0)
    popularity.add("a", HOUR_MS)
    assert popularity.top(5, HOUR_MS) == [("a", 1.5), ("b", 1.5)][::-1]
    assert popularity.top(5, 3 * HOUR_MS) == [("b", 0.375), ("a", 0.375)]
    assert popularity.score("a", 2 * HOUR_MS) == 0.75
    assert popularity.score("never", 0) == 0.0


def test_leaves_out_what_is_excluded_and_keeps_to_what_is_asked() -> None:
    popularity = filled([("a", 0, 4.0), ("b", 0, 3.0), ("c", 0, 2.0), ("d", 0, 1.0)])
    assert popularity.top(2, 0, exclude={"a"}) == [("b", 3.0), ("c", 2.0)]
    assert popularity.top(2, 0, exclude={"b"}, among={"b", "d"}) == [("d", 1.0)]
    assert popularity.top(0, 0) == []


@given(events, st.integers(100 * HOUR_MS, 130 * HOUR_MS))
def test_is_the_written_out_sum_in_any_order_of_time(
    counted: list[tuple[str, int, float]], now_ms: int
) -> None:
    expected, found = written_out(counted, now_ms), filled(counted).snapshot(now_ms)
    assert found.keys() == expected.keys()
    for item, score in found.items():
        assert math.isclose(score, expected[item], rel_tol=1e-9)
    assert list(found.values()) == sorted(found.values(), reverse=True)


@given(events)
@settings(max_examples=200)
def test_pool_never_hides_a_better_item(counted: list[tuple[str, int, float]]) -> None:
    whole = filled(counted)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_POOL", 2)
        pooled = Popularity(half_life_s=3_600.0)
        for n, (item, at_ms, weight) in enumerate(counted):
            pooled.add(item, at_ms, weight)
            if n % 3 == 0:
                pooled.top(1, at_ms)
        now_ms = 100 * HOUR_MS
        assert pooled.top(12, now_ms) == whole.top(12, now_ms)
        assert pooled.top(3, now_ms, exclude={"i1"}) == whole.top(3, now_ms, exclude={"i1"})


def test_centuries_neither_overflow_nor_freeze() -> None:
    popularity = Popularity(half_life_s=60.0)
    for year in range(0, 300, 10):
        popularity.add("old", year * 31_557_600_000)
    popularity.add("new", 300 * 31_557_600_000)
    assert popularity.top(1, 300 * 31_557_600_000) == [("new", 1.0)]
    popularity.add("late", 0)
    assert popularity.top(1, 300 * 31_557_600_000)[0][0] == "new"
    for score in popularity.snapshot(10**18).values():
        assert math.isfinite(score)
    for score in popularity.snapshot(-(10**18)).values():
        assert math.isfinite(score)


def test_forgets_the_least_popular_past_its_capacity() -> None:
    popularity = Popularity(half_life_s=3_600.0, capacity=80)
    for n in range(500):
        popularity.add(f"i{n}", 0, 1.0 + n)
        assert len(popularity) <= 80
    assert [item for item, _ in popularity.top(3, 0)] == ["i499", "i498", "i497"]


@given(events, st.integers(0, 200 * HOUR_MS))
def test_restore_is_what_snapshot_saw(counted: list[tuple[str, int, float]], at_ms: int) -> None:
    before = filled(counted)
    after = Popularity(half_life_s=3_600.0)
    after.add("gone", 5)
    after.restore(before.snapshot(at_ms), at_ms)
    later_ms = at_ms + HOUR_MS
    assert after.snapshot(later_ms).keys() == before.snapshot(later_ms).keys()
    for item, score in after.snapshot(later_ms).items():
        assert math.isclose(score, before.score(item, later_ms), rel_tol=1e-9)


def test_merge_adds_what_held_then() -> None:
    popularity = filled([("a", HOUR_MS, 1.0)])
    popularity.merge({"a": 2.0, "b": 4.0, "c": 0.0}, 0)
    assert popularity.snapshot(HOUR_MS) == {"b": 2.0, "a": 2.0}


def test_snapshot_keeps_the_best() -> None:
    popularity = filled([("a", 0, 1.0), ("b", 0, 2.0), ("c", 0, 3.0)])
    assert popularity.snapshot(0, most=2) == {"c": 3.0, "b": 2.0}


@pytest.mark.parametrize("weight", [0.0, -1.0, math.inf, math.nan])
def test_refuses_a_weight_that_is_none(weight: float) -> None:
    with pytest.raises(ValueError, match="weight"):
        Popularity(half_life_s=1.0).add("a", 0, weight)


def test_refuses_a_half_life_that_is_none() -> None:
    with pytest.raises(ValueError, match="half_life_s"):
        Popularity(half_life_s=0.0)


@given(events, st.data())
def test_what_is_taken_back_was_never_there(
    counted: list[tuple[str, int, float]], data: st.DataObject
) -> None:
    counted = [(item, at_ms, 1.0) for item, at_ms, _ in counted]
    gone = data.draw(st.lists(st.sampled_from(counted), unique=True)) if counted else []
    popularity, rest = filled(counted), list(counted)
    for item, at_ms, _ in gone:
        popularity.take(item, at_ms)
        rest.remove((item, at_ms, 1.0))
    # By the newest event, beside which all others and what rounding leaves of them are small.
    now_ms = max((at_ms for _, at_ms, _ in counted), default=0)
    wanted = written_out(rest, now_ms)
    for item, score in popularity.top(20, now_ms):
        assert math.isclose(score, wanted.pop(item), rel_tol=1e-6, abs_tol=1e-9)
    assert all(score < 1e-6 for score in wanted.values())


def test_the_best_stay_exact_when_some_of_them_are_taken_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "_POOL", 2)
    popularity = Popularity(half_life_s=3_600.0)
    for n in range(8):
        for _ in range(n + 1):
            popularity.add(f"i{n}", 0)
    for n in (7, 6, 5):
        for _ in range(n + 1):
            popularity.take(f"i{n}", 0)
    assert popularity.top(3, 0) == [("i4", 5.0), ("i3", 4.0), ("i2", 3.0)]
    popularity.take("i4", 0)
    popularity.take("i4", 0)
    assert popularity.top(2, 0) == [("i3", 4.0), ("i4", 3.0)]
    popularity.take("never", 0)
    assert len(popularity) == 5
