"""Fusing three scorers: by hand, and what must hold for any scores."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from recaug.fusion import (
    BUCKETS,
    CHOICES,
    LEAST_SHARE,
    NEW,
    SHRINKAGE,
    Fusion,
    Weights,
    evidence,
)
from recaug.session_knn import REACH

votes = arrays(np.float64, (3, 5), elements=st.just(0.0) | st.floats(1e-6, 1e3))


def test_evidence_by_hand() -> None:
    """Shares 3/4 and 1/4: ln(1 + .75 / ε) and ln(1 + .25 / ε); no vote is no evidence."""
    found = evidence(np.array([[0.0, 3.0, 1.0], [0.0, 0.0, 0.0]]))
    assert found[0].tolist() == pytest.approx(
        [0.0, math.log1p(0.75 / LEAST_SHARE), math.log1p(0.25 / LEAST_SHARE)]
    )
    assert found[1].tolist() == [0.0, 0.0, 0.0]


@given(votes, st.floats(0.01, 100))
def test_evidence_keeps_the_order_and_knows_no_scale(given: np.ndarray, scale: float) -> None:
    found = evidence(given)
    assert (found >= 0).all()
    np.testing.assert_allclose(evidence(given * scale), found, rtol=1e-9, atol=1e-9)
    for line, told in zip(given, found, strict=True):
        order = np.argsort(line, kind="stable")
        assert (np.diff(told[order]) >= -1e-12).all()


def test_scores_by_hand() -> None:
    """A history of 1 takes the weights of its bucket, one of 4 those of 3 to 5."""
    weights = [Weights(0.0, 0.0)] * len(BUCKETS)
    weights[1], weights[3] = Weights(2.0, 0.5), Weights(0.0, 1.0, 3.0)
    model, sessions = np.array([[1.0, 2.0], [1.0, 2.0]]), np.array([[3.0, 0.0], [3.0, 0.0]])
    liked, new = np.array([4.0, 8.0]), np.array([False, True])
    found = Fusion(tuple(weights)).scores(model, sessions, liked, new, np.array([1, 4]))
    assert found.tolist() == [[1 + 6 + 2, 2 + 0 + 4], [1 + 0 + 4, 2 + 0 + 8 + 3]]


@given(arrays(np.float64, (2, 4), elements=st.floats(-9, 9)), st.integers(0, 500))
def test_alone_it_is_the_model(model: np.ndarray, length: int) -> None:
    lengths = np.array([length, 0])
    found = Fusion.alone().scores(model, np.ones((2, 4)), np.ones(4), np.ones(4, np.bool_), lengths)
    assert found.tolist() == model.tolist()


def test_many_targets_choose_for_themselves_and_few_go_with_the_rest() -> None:
    """Choice 5 is best for long histories; 3 for length 1, on many targets or on one."""
    for count, wanted in ((10 * SHRINKAGE, 3), (1, 5)):
        lengths = np.array([50] * 20 * SHRINKAGE + [1] * count)
        gains = np.zeros((len(lengths), len(CHOICES)))
        gains[lengths == 50, 5] = 1.0
        gains[lengths == 1, 3] = 1.0
        fusion = Fusion.choose(lengths, gains)
        assert fusion.weights[5] == CHOICES[5]
        assert fusion.weights[1] == CHOICES[wanted]
        assert fusion.weights[2] == CHOICES[5]  # nobody to ask: what is best for all


def test_new_items_get_the_most_that_costs_lists_a_twentieth_at_most() -> None:
    fusion = Fusion((Weights(1.0, 0.3),) * len(BUCKETS))
    of_new = np.array([True, False, False, False])
    gains = np.full((4, len(NEW)), 0.5)
    gains[of_new, 1:] = 0.6  # they gain by it, and the others lose .02, .04, … of each .5
    gains[~of_new] -= 0.02 * np.arange(len(NEW))
    # Of .51, the most, .4845 is the least that is fair.
    assert gains.mean(0)[:4].tolist() == pytest.approx([0.5, 0.51, 0.495, 0.48])
    assert fusion.with_new(gains, of_new).weights == (Weights(1.0, 0.3, NEW[2]),) * len(BUCKETS)


def test_new_items_that_gain_nothing_or_are_not_asked_for_get_nothing() -> None:
    fusion = Fusion((Weights(1.0, 0.3),) * len(BUCKETS))
    gains = np.full((4, len(NEW)), 0.5)
    assert fusion.with_new(gains, np.array([True, True, False, False])) == fusion
    assert fusion.with_new(gains + np.arange(len(NEW)), np.zeros(4, np.bool_)) == fusion


def test_what_is_read_is_what_was_written() -> None:
    fusion = Fusion((Weights(1.0, 0.3, 2.0, 5.0),) * len(BUCKETS))
    assert Fusion.read(json.dumps(fusion.plain()).encode()) == fusion


def test_what_was_written_before_neighbours_had_a_reach_is_read() -> None:
    for row, weights in (
        ([1.0, 0.3], Weights(1.0, 0.3)),
        ([1.0, 0.3, 2.0], Weights(1.0, 0.3, 2.0)),
    ):
        read = Fusion.read(json.dumps([row] * len(BUCKETS)).encode())
        assert read.weights == (weights,) * len(BUCKETS)
    assert read.reach(np.array([1, 50])).tolist() == [REACH, REACH]


def test_a_reach_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="at least"):
        Fusion.read(json.dumps([[1.0, 0.3, 2.0, 0.0]] * len(BUCKETS)).encode())


def test_nothing_to_choose_by_leaves_the_model_alone() -> None:
    nothing = Fusion.choose(np.array([], np.int64), np.zeros((0, len(CHOICES))))
    assert nothing == Fusion.alone()
    equal = Fusion.choose(np.array([1, 2]), np.ones((2, len(CHOICES))))
    assert equal == Fusion.alone()
