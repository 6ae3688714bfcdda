"""Nothing of the test is learned from, however the data is split."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recaug.batch import FIRST_ROW
from recaug.errors import Failure
from recaug.evaluation.dataset import DataSet
from recaug.evaluation.splits import TESTED, VALIDATED, Fold, Split, cut, most, split
from tests.recaug.evaluation.logs import data_set


@st.composite
def data_sets(draw: st.DrawFn) -> DataSet:
    """Up to 60 events of six users and ten items at few times, in any order, some with titles."""
    events = draw(
        st.lists(
            st.tuples(st.integers(0, 5), st.integers(0, 9), st.integers(1, 12)),
            min_size=1, max_size=60,
        )
    )  # fmt: skip
    users, items, times = (list(column) for column in zip(*events, strict=True))
    known = {item: number for number, item in enumerate(dict.fromkeys(items))}
    texts = {f"i{item}": "a title" for item in draw(st.sets(st.integers(0, 9)))}
    return data_set(users, [known[item] for item in items], times, texts=texts)


def split_or_none(data: DataSet, how: str) -> Split | None:
    try:
        return split(data, how)
    except Failure:
        return None


@given(data_sets(), st.sampled_from(["loo", "time", "periods"]))
def test_what_is_tested_was_not_learned_from(data: DataSet, how: str) -> None:
    divided = split_or_none(data, how)
    for fold in divided.folds if divided else ():
        assert not (fold.before[fold.test.at]).any()
        assert not (fold.known[fold.validation.at]).any()
        assert (fold.before[fold.validation.at] == (how != "loo")).all()
        assert (fold.before | ~fold.known).all(), "learning is from the past"
        source, owners = fold.source, fold.source.owners()
        for mask in (fold.known, fold.before):
            later = np.flatnonzero(mask[1:] & (owners[1:] == owners[:-1]))
            assert mask[later].all(), "the oldest events of each user"
        both = (fold.test, fold.validation)
        assert all((source.rows[wanted.at] == wanted.rows).all() for wanted in both)


@given(data_sets(), st.sampled_from(["time", "periods"]))
def test_nothing_learned_is_as_late_as_what_is_tested(data: DataSet, how: str) -> None:
    divided = split_or_none(data, how)
    for fold in divided.folds if divided else ():
        times = fold.source.times_ms
        assert times[fold.before].max() < times[fold.test.at].min()
        assert (fold.test.asked_ms == times[fold.test.at]).all()
        if how == "time" and len(fold.validation):
            assert times[fold.known].max() < times[fold.validation.at].min()


@given(data_sets())
def test_the_last_of_each_user_is_tested_and_the_one_before_validates(data: DataSet) -> None:
    divided = split_or_none(data, "loo")
    if divided is None:
        assert np.bincount(data.users).max() < 3
        return
    (fold,) = divided.folds
    lasts = fold.source.starts[1:] - 1
    long = np.diff(fold.source.starts) >= 3
    assert sorted(fold.test.at.tolist()) == lasts[long].tolist()
    assert sorted(fold.validation.at.tolist()) == (lasts[long] - 1).tolist()
    assert fold.known.sum() == len(data.users) - 2 * long.sum()
    assert not fold.arriving


@given(data_sets(), st.sampled_from(["loo", "time", "periods"]))
def test_rows_name_items_and_only_known_or_titled_ones_may_be_shown(
    data: DataSet, how: str
) -> None:
    divided = split_or_none(data, how)
    for fold in divided.folds if divided else ():
        rows, order = fold.source.rows, fold.source.order
        names = [divided.vocabulary[row - FIRST_ROW] for row in rows.tolist()]
        assert names == [data.item_ids[item] for item in data.items[order].tolist()]
        shown = set(divided.vocabulary[: fold.size - FIRST_ROW])
        learned = {names[at] for at in np.flatnonzero(fold.before)}
        past = learned | {names[at] for at in fold.validation.at.tolist()}
        assert shown == (past if how == "periods" else past | (set(names) & set(data.texts)))
        assert fold.counts.sum() == fold.before.sum()
        assert {divided.vocabulary[row - 2] for row in np.flatnonzero(fold.counts)} == learned


@given(
    st.lists(st.integers(0, 15), min_size=1, max_size=80),
    st.lists(st.floats(0.01, 0.99), min_size=1, max_size=5).map(sorted),
)
def test_a_cut_keeps_equal_times_together_and_every_part_filled(
    times: list[int], shares: list[float]
) -> None:
    at = np.array(times)
    found = cut(at, shares)
    order = np.argsort(at, kind="stable")
    assert (np.diff(found[order]) >= 0).all()
    assert all(len(set(found[at == time].tolist())) == 1 for time in set(times))
    if len(set(times)) > len(shares):
        assert set(found.tolist()) == set(range(len(shares) + 1))


def test_a_cut_by_hand() -> None:
    # Of ten events eight are older than the ninth; the two at 7 stay together.
    times = np.array([0, 1, 2, 3, 4, 5, 6, 7, 7, 9])
    assert cut(times, [0.8]).tolist() == [0] * 7 + [1] * 3
    assert cut(times, [0.5, 0.9]).tolist() == [0] * 5 + [1] * 4 + [2]
    # Everything but one event at one time: that time is the middle, since all parts have something.
    assert cut(np.array([1, 5, 5, 5, 5, 9]), [0.5, 0.6]).tolist() == [0, 1, 1, 1, 1, 2]


def test_each_period_is_predicted_from_all_before_it() -> None:
    users = [0, 0, 1, 1, 2, 2, 3, 3]
    data = data_set(users, [0, 1, 1, 0, 2, 0, 2, 1], periods=[0, 0, 0, 0, 1, 1, 2, 2])
    divided = split(data)
    assert (divided.name, divided.why) == ("periods", "it is a directory of periods")
    assert not divided.filtered
    first, second = divided.folds
    assert (first.name, second.name) == ("1", "2")
    assert [divided.vocabulary[row - 2] for row in first.test.rows] == ["i0"]
    assert [divided.vocabulary[row - 2] for row in second.test.rows] == ["i1"]
    assert (first.size, second.size) == (4, 5), "i2 came with the first tested period"
    assert first.before.tolist() == [True] * 4 + [False] * 4


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (data_set([0] * 40, [0, 1] * 20, list(range(1, 41))), "time"),
        (data_set([0] * 9, [0, 1, 2] * 3), "loo"),
    ],
)
def test_the_split_fits_the_data(data: DataSet, name: str) -> None:
    found = split(data)
    assert found.name == name and found.filtered
    assert split(data, "loo").why == "as asked for"


def test_what_was_had_may_be_wanted_again_in_sessions_only() -> None:
    users, times = [0, 1] * 40, list(range(1, 81))
    assert split(data_set(users, users, times), "periods").filtered
    assert not split(data_set(users, users, periods=[0] * 40 + [1] * 40)).filtered


@pytest.mark.parametrize(
    ("data", "how", "why"),
    [
        (data_set([0] * 9, [0, 1, 2] * 3), "time", "has no times"),
        (data_set([0] * 9, [0, 1, 2] * 3), "periods", "has no times"),
        (data_set([0, 0, 1], [0, 1, 0]), "loo", "nothing to learn from"),
        (data_set([0, 0, 1], [0, 1, 0], [7, 7, 7]), "time", "nothing to learn from"),
    ],
)
def test_what_cannot_be_split_is_said(data: DataSet, how: str, why: str) -> None:
    with pytest.raises(Failure, match=why) as failed:
        split(data, how)
    assert "--split" in failed.value.mend


def watched(seed: int) -> list[Any]:
    periods = [0] * 400 + [1] * 40
    users = [event // 2 for event in range(440)]
    fold: Fold = split(data_set(users, [0, 1] * 220, periods=periods), seed=seed).folds[0]
    return fold.validation.at.tolist()


def test_who_validates_is_drawn_by_the_seed() -> None:
    assert watched(1) == watched(1) != watched(2)
    assert 5 <= len(watched(1)) <= 40, "about a tenth of 200 sessions"


def test_the_larger_the_catalogue_the_fewer_targets_are_ranked() -> None:
    """A billion scores to test by, two hundred million to validate by, within bounds."""
    sizes = (1_000, 40_000, 100_000, 1_000_000)
    assert [most(TESTED, size) for size in sizes] == [50_000, 25_000, 10_000, 2_000]
    assert [most(VALIDATED, size) for size in sizes] == [10_000, 5_000, 2_000, 500]
    many = split(
        data_set([user for user in range(11_000) for _ in "abc"], [0, 1, 2] * 11_000, None)
    )
    assert [len(fold.validation) for fold in many.folds] == [10_000]
    assert [len(fold.test) for fold in many.folds] == [11_000]
