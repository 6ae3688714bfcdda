import numpy as np

from recaug import evaluation
from tests.recaug.evaluation.logs import log


def test_popularity_halves_with_every_half_life() -> None:
    rows, times = np.array([2, 2, 3]), np.array([0, 10_000, 20_000])
    found = evaluation.popularity(rows, times, 20_000, 10.0, 5)
    assert found.tolist() == [0.0, 0.0, 0.75, 1.0, 0.0]


def test_popularity_knows_nothing_of_the_moment_it_is_asked() -> None:
    source = log([2, 5, 3, 4])
    wanted = evaluation.targets(source, np.array([False, False, False, True]))
    scores = evaluation.popular(source, 10.0, 6)(wanted)
    assert scores[0].argmax() == 5
    assert scores[0, 3] == scores[0, 4] == 0.0


def test_only_what_may_count_counts() -> None:
    source = log([2, 5, 3, 6, 4])
    wanted = evaluation.targets(source, np.array([False] * 4 + [True]))
    counted = np.array([True, False, True, True, False])
    scores = evaluation.popular(source, float("inf"), 7, counted)(wanted)
    # Asked at the event before: the 6 is not past yet.
    assert scores[0].tolist() == [0, 0, 1, 1, 0, 0, 0]


def test_the_same_again_by_the_same_user_counts_once() -> None:
    source = log([2, 2, 3, 2, 4])
    wanted = evaluation.targets(source, np.array([False] * 4 + [True]))
    assert evaluation.firsts(source).tolist() == [True, False, True, False, True]
    scores = evaluation.popular(source, float("inf"), 5)(wanted)
    assert scores[0].tolist() == [0, 0, 1, 1, 0]


def test_without_times_everything_counts_alike() -> None:
    source = log([2, 5, 3, 4])
    source.times_ms[:] = 0
    wanted = evaluation.targets(source, np.array([False, False, False, True]))
    counted = np.array([True, True, True, False])
    scores = evaluation.popular(source, 3_600.0, 6, counted)(wanted)
    assert scores[0].tolist() == [0, 0, 1, 1, 0, 1]
