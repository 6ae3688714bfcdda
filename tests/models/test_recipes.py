"""Which plan a log gets."""

from __future__ import annotations

import numpy as np
import pytest

from models.recipes import (
    AMPLE_S,
    LONG,
    PURCHASES,
    QUICK_S,
    RATINGS,
    SESSIONS,
    WIDE_PURCHASES,
    WIDE_RATINGS,
    Plan,
    plan_for,
)
from recaug.batch import Int64, Sequences, sequences


def log(users: Int64, rows: Int64) -> Sequences:
    nothing = np.zeros(len(users), np.int64)
    return sequences(users, rows, nothing, nothing)


def all_of(source: Sequences) -> Plan:
    return plan_for(source, np.ones(len(source.rows), np.bool_), QUICK_S)


@pytest.mark.parametrize(
    ("sizes", "plan"),
    [
        ([LONG, LONG], RATINGS),
        ([LONG - 1, LONG], PURCHASES),
        ([1, 2, 10 * LONG], RATINGS),
    ],
)
def test_it_goes_by_the_mean_length_of_histories(sizes: list[int], plan: Plan) -> None:
    users = np.repeat(np.arange(len(sizes)), sizes)
    assert all_of(log(users, np.arange(len(users)))) is plan


def test_short_histories_in_which_the_same_comes_again_are_sessions() -> None:
    users = np.repeat(np.arange(20), 5)
    once = np.arange(100)
    again = np.where(once % 5 == 4, once - 2, once)  # a fifth
    assert all_of(log(users, once)) is PURCHASES
    assert all_of(log(users, again)) is SESSIONS


def test_only_what_is_known_counts_and_nothing_known_is_a_purchase() -> None:
    users = np.repeat([0, 1], 10 * LONG)
    source = log(users, np.arange(len(users)))
    assert plan_for(source, np.arange(len(users)) < 5, QUICK_S) is PURCHASES
    assert plan_for(source, np.zeros(len(users), np.bool_), QUICK_S) is PURCHASES


def test_the_more_time_there_is_the_wider_is_the_plan() -> None:
    source = log(np.repeat([0, 1], 5), np.arange(10))
    known = np.ones(10, np.bool_)
    assert plan_for(source, known, QUICK_S - 1) is RATINGS
    assert plan_for(source, known, QUICK_S) is PURCHASES
    assert plan_for(source, known, AMPLE_S - 1) is PURCHASES
    assert plan_for(source, known, AMPLE_S) is WIDE_PURCHASES
    long = log(np.zeros(LONG, np.int64), np.arange(LONG))
    assert plan_for(long, np.ones(LONG, np.bool_), AMPLE_S - 1) is RATINGS
    assert plan_for(long, np.ones(LONG, np.bool_), AMPLE_S) is WIDE_RATINGS
