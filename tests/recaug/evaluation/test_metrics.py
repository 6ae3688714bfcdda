import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recaug.evaluation import MISS, metrics

places = st.lists(st.integers(0, 30) | st.just(MISS), min_size=1).map(np.array)


def test_ndcg_hits_and_reciprocals_by_hand() -> None:
    found = np.array([0, 1, 9, 10, MISS])
    expected = [1.0, 1 / math.log2(3), 1 / math.log2(11), 0.0, 0.0]
    assert metrics.ndcg(found).tolist() == pytest.approx(expected)
    assert metrics.hits(found).tolist() == [1.0, 1.0, 1.0, 0.0, 0.0]
    assert metrics.reciprocals(found).tolist() == pytest.approx([1, 0.5, 0.1, 0, 0])


def test_means_by_hand() -> None:
    found = metrics.means(np.array([0, 6, 15, MISS]))
    assert (found["hr@5"], found["hr@10"], found["hr@20"]) == (0.25, 0.5, 0.75)
    assert found["mrr@10"] == pytest.approx((1 + 1 / 7) / 4)
    assert found["ndcg@10"] == pytest.approx((1 + 1 / 3) / 4), "log2(8) is 3"
    assert found["ndcg@20"] == pytest.approx((1 + 1 / 3 + 1 / math.log2(17)) / 4)


def test_of_nothing_every_mean_is_nothing() -> None:
    assert set(metrics.means(np.array([], np.int64)).values()) == {0.0}


@given(places)
def test_longer_lists_find_more_and_no_figure_leaves_its_range(found: np.ndarray) -> None:
    means = metrics.means(found)
    for name in metrics.METRICS:
        five, ten, twenty = (means[f"{name}@{k}"] for k in (5, 10, 20))
        assert 0 <= five <= ten <= twenty <= 1
    for k in (5, 10, 20):
        assert means[f"mrr@{k}"] <= means[f"ndcg@{k}"] + 1e-12 <= means[f"hr@{k}"] + 2e-12


def test_coverage_and_novelty_by_hand() -> None:
    lists = np.array([[2, 3, 9], [2, 0, 0]])
    # Of rows 2 … 5 two are in the first two places of a list.
    assert metrics.coverage(lists, 6, k=2) == 0.5
    # Rows 2, 3, 4, 5 with 5, 1, 0, 0 events and one more each: 6/10, 2/10, 1/10, 1/10.
    counts = np.array([7, 7, 5, 1, 0, 0])
    expected = (2 * -math.log2(0.6) - math.log2(0.2)) / 3
    assert metrics.novelty(lists, counts, k=2) == pytest.approx(expected)
    assert metrics.novelty(np.zeros((1, 3), np.int64), counts) == 0.0
