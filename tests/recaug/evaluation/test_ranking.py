import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recaug import evaluation
from recaug.evaluation import MISS
from recaug.evaluation.ranking import rank, top
from tests.recaug.evaluation.logs import log

seeds = st.integers(0, 2**32 - 1)


def alike(scores: np.ndarray) -> evaluation.Score:
    """The same scores for everybody."""
    return lambda part: np.tile(scores, (len(part), 1))


def test_places_ties_seen_and_unknown() -> None:
    source = log([2, 3, 4], [5, 1])
    wanted = evaluation.targets(source, np.ones(5, np.bool_))
    assert [(int(r), int(t)) for r, t in zip(wanted.rows, wanted.asked_ms, strict=True)] == [
        (3, 0), (1, 1), (4, 2),
    ]  # fmt: skip
    score = alike(np.array([9.0, 9.0, 9.0, 1.0, 1.0, 7.0]))
    # Target 3: row 2 is seen, 5 is better, 4 ties behind. Target 1: unknown. Target 4: 2, 3 seen.
    assert evaluation.ranks(score, source, wanted, 50, 6).tolist() == [1, MISS, 1]
    # With a history of one event, row 2 is a candidate for the last target again.
    assert evaluation.ranks(score, source, wanted, 1, 6).tolist() == [1, MISS, 2]
    # Among everything, 2 and 5 are before 3, and 3 (an equal of a lower row) before 4.
    assert rank(score, source, wanted, 6).places.tolist() == [2, MISS, 3]


def test_what_the_user_has_had_is_told_apart_and_keeps_its_place() -> None:
    source = log([3, 2, 3])
    wanted = evaluation.targets(source, np.array([False, False, True]))
    found = rank(alike(np.array([0.0, 0.0, 5.0, 4.0, 9.0])), source, wanted, 5)
    assert found.repeated.tolist() == [True]
    assert found.places.tolist() == [2], "behind 4 and 2"
    assert found.unseen.tolist() == [1], "2 has been seen"


def test_what_is_never_shown_is_a_miss_and_on_no_list() -> None:
    source = log([2, 3], [2, 4], [2, 9])
    wanted = evaluation.targets(source, np.ones(6, np.bool_))
    score = alike(np.array([0.0, 0.0, 1.0, -np.inf, 0.5, 0.2]))
    found = rank(score, source, wanted, 6, lists=3)
    assert found.unseen.tolist() == [MISS, 0, MISS], "never shown, best, outside the catalogue"
    assert found.lists[:, :3].tolist() == [[4, 5, 0]] * 3


def test_a_score_that_is_no_number_is_an_error() -> None:
    source = log([2, 3])
    wanted = evaluation.targets(source, np.ones(2, np.bool_))
    with pytest.raises(ValueError, match="not a number"):
        evaluation.ranks(alike(np.full(4, np.nan)), source, wanted, 5, 4)


@given(seeds)
def test_places_are_those_of_a_sorted_list(seed: int) -> None:
    rng = np.random.default_rng(seed)
    source = log(rng.integers(2, 9, 6).tolist(), rng.integers(2, 9, 6).tolist())
    scores = rng.integers(0, 4, 9).astype(float)
    wanted = evaluation.targets(source, ~source.repeats(3))
    places = evaluation.ranks(alike(scores), source, wanted, 3, 9)
    for at, start, row, place in zip(wanted.at, wanted.starts, wanted.rows, places, strict=True):
        seen = source.rows[max(start, at - 3) : at].tolist()
        shown = [i for i in np.argsort(-scores, kind="stable").tolist() if i >= 2 and i not in seen]
        assert shown.index(row) == place


@given(seeds)
def test_leaving_out_what_was_seen_never_makes_a_place_worse(seed: int) -> None:
    rng = np.random.default_rng(seed)
    source = log(*rng.integers(2, 30, (3, 8)).tolist())
    table = rng.integers(0, 6, (len(source.rows), 30)).astype(float)
    wanted = evaluation.targets(source, np.ones(24, np.bool_))
    found = rank(lambda part: table[part.at], source, wanted, 30)
    order = [np.argsort(-table[at, 2:], kind="stable").tolist() for at in wanted.at.tolist()]
    rows = wanted.rows.tolist()
    assert [o.index(row - 2) for o, row in zip(order, rows, strict=True)] == found.places.tolist()
    assert (found.unseen <= found.places).all()
    assert (found.places - found.unseen <= wanted.at - wanted.starts).all()


@given(seeds, st.integers(1, 12))
def test_a_list_is_the_beginning_of_a_stable_sort(seed: int, k: int) -> None:
    rng = np.random.default_rng(seed)
    line = rng.integers(0, 4, 10).astype(float)
    line[:2] = -np.inf
    seen = np.unique(rng.integers(2, 10, 3))
    best = [row for row in np.argsort(-line, kind="stable").tolist() if row > 1 and row not in seen]
    assert top(line, seen, k).tolist() == (best + [0] * k)[:k]


def test_blocks_make_no_difference(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(3)
    source = log(*rng.integers(2, 20, (4, 9)).tolist())
    table = rng.random((len(source.rows), 20))
    wanted = evaluation.targets(source, np.ones(36, np.bool_))
    whole = rank(lambda part: table[part.at], source, wanted, 20, lists=5)
    # `recaug.evaluation.targets` is a function of the package, too.
    monkeypatch.setattr(sys.modules["recaug.evaluation.targets"], "SCORES", 60)
    parts = rank(lambda part: table[part.at], source, wanted, 20, lists=5)
    assert (whole.places == parts.places).all() and (whole.unseen == parts.unseen).all()
    assert (whole.lists == parts.lists).all() and len(parts.lists) == 5
