import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recaug import evaluate
from recaug.batch import Sequences, sequences
from recaug.evaluate import MISS


def log(*users: list[int]) -> Sequences:
    """One event a millisecond, users taking turns, in the order of the lists."""
    events = [(u, row, t * len(users) + u) for u, rows in enumerate(users)
              for t, row in enumerate(rows)]  # fmt: skip
    events.sort(key=lambda event: event[2])
    column = [np.array([event[i] for event in events]) for i in range(3)]
    return sequences(column[0], column[1], np.ones(len(events), np.int64), column[2])


def test_ndcg_and_hits_by_hand() -> None:
    places = np.array([0, 1, 9, 10, MISS])
    expected = [1.0, 1 / math.log2(3), 1 / math.log2(11), 0.0, 0.0]
    assert evaluate.ndcg(places).tolist() == pytest.approx(expected)
    assert evaluate.hits(places).tolist() == [1.0, 1.0, 1.0, 0.0, 0.0]


def test_places_ties_seen_and_unknown() -> None:
    source = log([2, 3, 4], [5, 1])
    wanted = evaluate.targets(source, np.ones(5, np.bool_))
    assert [(int(r), int(t)) for r, t in zip(wanted.rows, wanted.asked_ms, strict=True)] == [
        (3, 0), (1, 1), (4, 2),
    ]  # fmt: skip
    scores = np.array([9.0, 9.0, 9.0, 1.0, 1.0, 7.0])

    def score(part: evaluate.Targets) -> evaluate.Scores:
        return np.tile(scores, (len(part), 1))

    # Target 3: row 2 is seen, 5 is better, 4 ties behind. Target 1: unknown. Target 4: 2, 3 seen.
    assert evaluate.ranks(score, source, wanted, 50, 6).tolist() == [1, MISS, 1]
    # With a history of one event, row 2 is a candidate for the last target again.
    assert evaluate.ranks(score, source, wanted, 1, 6).tolist() == [1, MISS, 2]


def test_a_score_that_is_no_number_is_an_error() -> None:
    source = log([2, 3])
    wanted = evaluate.targets(source, np.ones(2, np.bool_))
    with pytest.raises(ValueError, match="not a number"):
        evaluate.ranks(lambda part: np.full((len(part), 4), np.nan), source, wanted, 5, 4)


@settings(deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_places_are_those_of_a_sorted_list(seed: int) -> None:
    rng = np.random.default_rng(seed)
    source = log(rng.integers(2, 9, 6).tolist(), rng.integers(2, 9, 6).tolist())
    scores = rng.integers(0, 4, 9).astype(float)
    wanted = evaluate.targets(source, ~source.repeats(3))
    places = evaluate.ranks(lambda p: np.tile(scores, (len(p), 1)), source, wanted, 3, 9)
    for at, start, row, place in zip(wanted.at, wanted.starts, wanted.rows, places, strict=True):
        seen = source.rows[max(start, at - 3) : at].tolist()
        shown = [i for i in np.argsort(-scores, kind="stable").tolist() if i >= 2 and i not in seen]
        assert shown.index(row) == place


def test_the_newest_are_newest_by_time_then_log() -> None:
    source = sequences(
        np.array([0, 1, 0, 1]), np.array([2, 3, 4, 5]), np.ones(4, np.int64),
        np.array([5, 9, 9, 1]),
    )  # fmt: skip
    held = evaluate.newest(source, 0.25)
    assert source.rows[held].tolist() == [4]


def test_more_is_held_out_where_targets_are_few() -> None:
    source = log(list(range(2, 102)))
    allowed = np.ones(100, np.bool_)
    assert evaluate.hold_out(source, allowed, least=10).sum() == 10
    assert evaluate.hold_out(source, allowed, least=11).sum() == 20
    assert evaluate.hold_out(source, allowed, least=99).sum() == 30


def test_of_a_long_log_no_more_is_held_out_than_is_ranked() -> None:
    length = 10 * evaluate.HELD_OUT + 1_000
    source = log([2] * length)
    held = evaluate.hold_out(source, np.ones(length, np.bool_))
    assert held.sum() == evaluate.HELD_OUT
    assert held[-evaluate.HELD_OUT :].all(), "the newest"


def test_targets_are_thinned_evenly_and_never_a_first_event() -> None:
    source = log(list(range(2, 102)))
    wanted = evaluate.targets(source, np.ones(100, np.bool_), most=3)
    assert wanted.at.tolist() == [1, 50, 99]


def test_popularity_halves_with_every_half_life() -> None:
    rows, times = np.array([2, 2, 3]), np.array([0, 10_000, 20_000])
    found = evaluate.popularity(rows, times, 20_000, 10.0, 5)
    assert found.tolist() == [0.0, 0.0, 0.75, 1.0, 0.0]


def test_popularity_knows_nothing_of_the_moment_it_is_asked() -> None:
    source = log([2, 2, 3, 4])
    wanted = evaluate.targets(source, np.array([False, False, False, True]))
    scores = evaluate.popular(source, 10.0, 6)(wanted)
    assert scores[0].argmax() == 2
    assert scores[0, 3] == scores[0, 4] == 0.0


def places(hits_at_0: int, misses: int) -> evaluate.Int64:
    return np.array([0] * hits_at_0 + [MISS] * misses)


def test_a_clear_winner_is_promoted() -> None:
    verdict = evaluate.gate(places(80, 20), None, places(20, 80))
    assert verdict.promoted
    assert verdict.metrics["challenger"] == {"ndcg@10": 0.8, "hr@10": 0.8}
    assert verdict.metrics["popularity"]["hr@10"] == 0.2


@pytest.mark.parametrize(
    ("own", "champion", "popular", "why"),
    [
        (places(20, 80), None, places(20, 80), "popularity"),
        (places(21, 79), None, places(20, 80), "popularity"),
        (places(80, 20), places(90, 10), places(20, 80), "champion"),
        (places(40, 9), None, places(0, 49), "only 49"),
        (places(0, 0), None, places(0, 0), "only 0"),
    ],
)
def test_losers_are_told_why(
    own: evaluate.Int64, champion: evaluate.Int64 | None, popular: evaluate.Int64, why: str
) -> None:
    verdict = evaluate.gate(own, champion, popular)
    assert not verdict.promoted
    assert why in verdict.reason


def test_as_good_as_the_champion_is_good_enough() -> None:
    own = places(80, 20)
    verdict = evaluate.gate(own, own, places(20, 80))
    assert verdict.promoted
    assert verdict.metrics["tolerance"] == pytest.approx(0.004)


def test_the_same_figures_on_every_run() -> None:
    judged = [evaluate.gate(places(60, 40), places(61, 39), places(20, 80)) for _ in range(2)]
    assert judged[0] == judged[1]
