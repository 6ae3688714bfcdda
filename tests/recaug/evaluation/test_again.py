"""What was had before: found to come again where it does, and weighed as it is ranked."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from pathlib import Path

import numpy as np
import pytest

from recaug.batch import FIRST_ROW
from recaug.evaluation.again import CHOICES, NONE, _standing, choose, lifted
from recaug.evaluation.dataset import read
from recaug.evaluation.metrics import ndcg
from recaug.evaluation.ranking import Score, Scores, rank
from recaug.evaluation.splits import Fold, split
from recaug.evaluation.targets import Targets

ITEMS, USERS = 12, 80


def fold(directory: Path, sessions: list[list[int]]) -> Fold:
    lines = [f"u{n} " + " ".join(f"i{item}" for item in one) for n, one in enumerate(sessions)]
    file = directory / "sessions.txt"
    file.write_text("\n".join(lines) + "\n")
    return replace(split(read(file), "loo").folds[0], repeats=True)


@pytest.fixture
def to_and_fro(tmp_path: Path) -> Fold:
    """Two things in turn: what comes next is always the one before the newest."""
    chance = np.random.default_rng(0)
    pairs = [chance.choice(ITEMS, 2, replace=False).tolist() for _ in range(USERS)]
    return fold(tmp_path, [[a, b, a, b, a, b] for a, b in pairs])


@pytest.fixture
def walks(tmp_path: Path) -> Fold:
    chance = np.random.default_rng(1)
    return fold(tmp_path, [chance.integers(0, ITEMS, 9).tolist() for _ in range(USERS)])


def noise(fold: Fold) -> Score:
    """The same for the same target each time; small whole numbers are equal now and then."""

    def score(part: Targets) -> Scores:
        lines = [np.random.default_rng(at).integers(0, 4, fold.size) for at in part.at]
        return np.array(lines, np.float64)

    return score


def test_what_always_comes_again_goes_to_the_top(to_and_fro: Fold) -> None:
    score = noise(to_and_fro)
    weights = choose(to_and_fro, score)
    assert weights[1] > max(0.0, weights[0])
    ranked = rank(lifted(score, to_and_fro.source, weights), to_and_fro.source, to_and_fro.test,
                  to_and_fro.size)  # fmt: skip
    before = rank(score, to_and_fro.source, to_and_fro.test, to_and_fro.size)
    assert (ranked.places == 0).mean() > 0.9 > 0.5 > (before.places == 0).mean()


def test_nothing_is_weighed_where_lists_leave_out_what_was_had(to_and_fro: Fold) -> None:
    never = replace(to_and_fro, repeats=False)
    assert choose(never, noise(never)) == NONE
    blank = replace(to_and_fro, validation=to_and_fro.validation.part(slice(0, 0)))
    assert choose(blank, noise(blank)) == NONE


def test_places_are_foretold_as_they_are_ranked(walks: Fold) -> None:
    score = noise(walks)
    standing = _standing(walks, score)
    for weights in product(CHOICES[::4], repeat=3):
        served = lifted(score, walks.source, weights)
        places = rank(served, walks.source, walks.validation, walks.size).places
        assert standing.gain(weights) == pytest.approx(float(ndcg(places).mean()), abs=1e-12)


def test_items_are_weighed_by_when_they_were_had_last(tmp_path: Path) -> None:
    one = fold(tmp_path, [[3, 1, 2, 1, 5, 7, 7]] * 2)
    part = one.test.part(slice(0, 1))  # before the last event: 3 1 2 1 5 7
    added = lifted(lambda part: np.zeros((len(part), one.size)), one.source, (1.0, 2.0, 3.0))(part)
    by_item = dict(zip(("3", "1", "2", "5", "7"), range(FIRST_ROW, FIRST_ROW + 5), strict=True))
    expected = np.zeros(one.size)
    expected[[by_item["7"], by_item["5"]]] = 1.0, 2.0
    expected[[by_item["1"], by_item["2"], by_item["3"]]] = 3.0
    assert added[0].tolist() == expected.tolist()


def test_what_cannot_be_shown_stays_so(walks: Fold) -> None:
    def score(part: Targets) -> Scores:
        return np.full((len(part), walks.size), -np.inf)

    assert _standing(walks, score).gain((6.0, 6.0, 6.0)) == 0.0
    assert np.isneginf(lifted(score, walks.source, (6.0, 6.0, 6.0))(walks.test)).all()
