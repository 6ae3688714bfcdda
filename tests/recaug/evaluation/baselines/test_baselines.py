"""Each baseline by hand, and what every contender owes: it looks at nothing but the past."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recaug.evaluation import ranking
from recaug.evaluation.baselines.itemknn import ItemKnn, Neighbours
from recaug.evaluation.baselines.popular import Popular
from recaug.evaluation.baselines.sessionknn import Sessions
from recaug.evaluation.contenders import Contender
from recaug.evaluation.splits import Fold, split
from tests.recaug.evaluation.logs import data_set, log

MAKERS: list[Callable[[], Contender]] = [Popular, ItemKnn, Sessions]


def made_up(seed: int, how: str, events: int = 200) -> list[Fold]:
    rng = np.random.default_rng(seed)
    items = rng.integers(0, 15, events)
    items = np.unique(items, return_inverse=True)[1]
    times = np.sort(rng.integers(1, 80, events))
    return split(data_set(rng.integers(0, 20, events).tolist(), items.tolist(), times.tolist()),
                 how).folds  # fmt: skip


@pytest.mark.parametrize("make", MAKERS)
@pytest.mark.parametrize("how", ["loo", "time", "periods"])
def test_the_future_changes_nothing(make: Callable[[], Contender], how: str) -> None:
    """Scores are the same when everything tested, and all after it, was something else."""
    for fold in made_up(5, how):
        rows, future = fold.source.rows.copy(), ~fold.before
        future[fold.validation.at] = False
        rows[future] = 2
        other = replace(fold, source=replace(fold.source, rows=rows))
        part = fold.test.part(np.flatnonzero(~future[fold.test.at - 1]))
        assert len(part), "there are targets whose history is all past"
        scores = []
        for seen in (fold, other):
            contender = make()
            contender.fit(seen)
            scores.append(contender.score(part))
        assert scores[0].shape == (len(part), fold.size)
        assert (scores[0] == scores[1]).all()


@pytest.mark.parametrize("make", MAKERS)
def test_a_contender_goes_from_period_to_period(make: Callable[[], Contender]) -> None:
    folds = made_up(6, "periods")
    seasoned, sizes = make(), []
    for fold in folds:
        seasoned.fit(fold)
        sizes.append(seasoned.score(fold.test).shape)
        fresh = make()
        fresh.fit(fold)
        assert seasoned.score(fold.test) == pytest.approx(fresh.score(fold.test))
    assert sizes == [(len(fold.test), fold.size) for fold in folds]


def test_popular_takes_the_half_life_that_validates() -> None:
    # Row 2 was popular long ago; whoever came lately took 3, as those did whom it validates on.
    year = 365 * 86_400_000
    users = [*range(20), *range(20, 26), *range(6), 0, 1]
    items = [0] * 20 + [1] * 6 + [1] * 6 + [1] * 2
    times = [1] * 20 + [year * 9] * 6 + [year * 9 + 10] * 6 + [year * 9 + 20] * 2
    (fold,) = split(data_set(users, items, times), "time").folds
    contender = Popular()
    contender.fit(fold)
    scores = contender.score(fold.test)
    assert (scores[:, 3] > scores[:, 2]).all()


def test_neighbours_by_hand() -> None:
    # Rows 2 and 3 share one of their users: cosine 1 / √(2 · 2). Rows 2 and 4: 1 / √(2 · 1).
    source = log([2, 3, 2], [2, 4], [3, 5])
    found = Neighbours.of(source, np.ones(7, np.bool_), 6)
    cosines = {row: {int(n): float(c) for n, c in zip(found.rows[row], found.cosines[row],
               strict=True) if n} for row in (2, 3, 4, 5)}  # fmt: skip
    assert cosines[2] == pytest.approx({3: 0.5, 4: 0.5**0.5})
    assert cosines[3] == pytest.approx({2: 0.5, 5: 0.5**0.5})
    assert cosines[4] == pytest.approx({2: 0.5**0.5})


@settings(max_examples=25)
@given(st.integers(0, 2**32 - 1))
def test_neighbours_are_cosines_whatever_the_blocks(seed: int) -> None:
    rng = np.random.default_rng(seed)
    source = log(*rng.integers(2, 12, (6, 5)).tolist())
    had = np.zeros((6, 12))
    had[source.owners(), source.rows] = 1
    norm = np.linalg.norm(had, axis=0)
    expected = had.T @ had / np.maximum(np.outer(norm, norm), 1)
    np.fill_diagonal(expected, 0)
    for pairs, dense in ((1, 1), (40, 10**9), (4_000_000, 0.01), (4_000_000, 4)):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("recaug.evaluation.baselines.itemknn.PAIRS", pairs)
            patch.setattr("recaug.evaluation.baselines.itemknn.DENSE", dense)
            found = Neighbours.of(source, np.ones(30, np.bool_), 12)
        dense = np.zeros((12, 12))
        np.put_along_axis(dense, found.rows, found.cosines, axis=1)
        dense[:, 0] = 0
        assert dense == pytest.approx(expected, abs=1e-6)


def test_items_are_scored_by_the_sum_over_the_history() -> None:
    source = log([2, 3], [2, 4], [3, 4, 5])
    found = Neighbours.of(source, np.ones(7, np.bool_), 6)
    wanted = ranking.Targets(np.array([6]), np.array([4]), np.array([5]), np.array([0]))
    (flat,) = found.scores(source, 1.0)(wanted)
    (fading,) = found.scores(source, 0.5)(wanted)
    # The history is 3, 4. Row 2 was had once with each of them, each was had twice: 1/2 and 1/2.
    assert flat[2] == pytest.approx(1.0, abs=1e-5)
    assert fading[2] == pytest.approx(0.5 + 0.25, abs=1e-5)
    assert flat[5] == pytest.approx(2 * 0.5**0.5, abs=1e-5)


def test_sessions_that_share_the_last_item_speak_for_what_came_with_it() -> None:
    users = [0, 0, 1, 1, 2, 2, 3, 3]
    (fold,) = split(data_set(users, [0, 1, 2, 3, 4, 5, 0, 1], periods=[0] * 6 + [1] * 2)).folds
    contender = Sessions()
    contender.fit(fold)
    (scores,) = contender.score(fold.test)
    assert fold.test.rows.tolist() == [3], "after row 2, as in the first session"
    assert scores[3] > 0.1 and scores[4:].max() < 1e-5, "of the others no session speaks"
