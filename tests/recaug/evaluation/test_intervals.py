import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recaug.evaluation.intervals import compare, interval

targets = st.lists(
    st.tuples(st.integers(0, 9), st.integers(0, 4), st.integers(0, 4)), min_size=1, max_size=60
)


def columns(found: list[tuple[int, int, int]]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    users, own, other = (np.array(column) for column in zip(*found, strict=True))
    return np.unique(users, return_inverse=True)[1], own / 4, other / 4


@settings(max_examples=30)
@given(targets)
def test_an_interval_lies_around_the_mean_and_within_the_values(
    found: list[tuple[int, int, int]],
) -> None:
    users, own, _ = columns(found)
    low, high = interval(own, users)
    assert own.min() - 1e-12 <= low <= own.mean() + 1e-12
    assert own.mean() - 1e-12 <= high <= own.max() + 1e-12


@settings(max_examples=30)
@given(targets)
def test_the_other_way_round_it_is_the_opposite(found: list[tuple[int, int, int]]) -> None:
    users, own, other = columns(found)
    there, back = compare(own, other, users), compare(other, own, users)
    assert there.mean == -back.mean == pytest.approx(own.mean() - other.mean())
    assert there.low == pytest.approx(-back.high) and there.high == pytest.approx(-back.low)
    assert there.p == back.p and there.low <= there.high


def test_one_user_tells_nothing_about_others() -> None:
    """A thousand events of one user are one draw, whatever they are."""
    users = np.repeat([0, 1], [1_000, 1_000])
    own = np.repeat([1.0, 0.0], [1_000, 1_000])
    assert interval(own, users) == (0.0, 1.0)
    alone = np.arange(2_000)
    low, high = interval(own, alone)
    # The standard error of 2,000 tosses is 0.0112; 95 % are within two of them.
    assert 0.47 < low < 0.5 < high < 0.53


def test_a_clear_difference_is_sure_and_none_is_not() -> None:
    users = np.arange(100)
    better, worse = np.full(100, 0.6), np.full(100, 0.5)
    clear = compare(better, worse, users)
    assert clear.low == pytest.approx(0.1) and clear.p < 0.01
    same = compare(better, better, users)
    assert (same.mean, same.low, same.high, same.p) == (0, 0, 0, 1)


def test_the_same_on_every_run_and_nothing_of_nothing() -> None:
    own, users = np.random.default_rng(1).random(50), np.arange(50) // 2
    assert interval(own, users, seed=4) == interval(own, users, seed=4)
    assert interval(own, users, seed=4) != interval(own, users, seed=5)
    assert interval(np.zeros(0), np.zeros(0, np.int64)) == (0.0, 0.0)
