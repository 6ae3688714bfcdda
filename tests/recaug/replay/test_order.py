"""Order: by time where there is one, else each user's own, all users side by side."""

from collections import defaultdict

from hypothesis import given
from hypothesis import strategies as st

from recaug.replay import Happening, in_time_order
from recaug.replay.order import placed


def happening(at: int, number: int, user: str = "u") -> Happening:
    return Happening(at, number, {"event": "click", "user_id": user, "item_id": "i"})


@given(st.lists(st.integers(0, 9), max_size=40), st.integers(1, 50))
def test_sorting_in_memory_and_on_disk_is_python_s_stable_sort(times: list[int], run: int) -> None:
    found = [happening(at, number) for number, at in enumerate(times)]
    count, ordered = in_time_order(found, run)
    assert list(ordered) == sorted(found, key=lambda one: one.at)
    assert count == len(found)


@given(st.lists(st.integers(1, 6), min_size=1, max_size=12))
def test_users_one_after_another_are_dealt_out_side_by_side(lengths: list[int]) -> None:
    found = [
        happening(0, 100 * n + k, f"u{n}")
        for n, length in enumerate(lengths)
        for k in range(length)
    ]
    by_user, rows = placed(found)
    assert by_user == any(length > 1 for length in lengths)
    _, ordered = in_time_order(rows)
    own: dict[str, list[int]] = defaultdict(list)
    for one in ordered:
        own[one.event["user_id"]].append(one.number)
    for n, length in enumerate(lengths):
        assert own[f"u{n}"] == [100 * n + k for k in range(length)]


def test_side_by_side_means_that_nobody_is_done_before_others_begin() -> None:
    found = [happening(0, k, f"u{n}") for n in range(50) for k in range(20)]
    _, ordered = in_time_order(placed(found)[1])
    first_half = [one.event["user_id"] for one in list(ordered)[:500]]
    assert {first_half.count(f"u{n}") for n in range(50)} <= {9, 10, 11}


def test_a_file_in_order_already_stays_as_it_is() -> None:
    found = [happening(0, n, user) for n, user in enumerate("abcaabc")]
    by_user, rows = placed(found)
    assert not by_user
    assert [one.number for one in rows] == list(range(7))


def test_nothing_is_in_order() -> None:
    assert list(in_time_order([])[1]) == []
    assert list(placed([])[1]) == []
