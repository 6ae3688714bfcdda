"""The list that is served: it leans on whichever scorer knows something."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from recaug.batch import FIRST_ROW
from recaug.evaluation.dataset import read
from recaug.evaluation.fused import Fused
from recaug.evaluation.ranking import Scores, rank
from recaug.evaluation.splits import Fold, split
from recaug.evaluation.targets import Targets

ITEMS = 30


@pytest.fixture
def fold(tmp_path: Path) -> Fold:
    """After item i comes i + 1; every item is as popular as the next."""
    begins = np.random.default_rng(0).integers(0, ITEMS, 300).tolist()
    lines = [f"u{user} " + " ".join(f"i{(at + n) % ITEMS}" for n in range(8))
             for user, at in enumerate(begins)]  # fmt: skip
    file = tmp_path / "ring.txt"
    file.write_text("\n".join(lines) + "\n")
    return split(read(file), "loo").folds[0]


def nothing(part: Targets) -> Scores:
    """A model that knows no difference."""
    return np.zeros((len(part), FIRST_ROW + ITEMS))


def hits(fold: Fold, fused: Fused, k: int) -> float:
    places = rank(fused.score, fold.source, fold.test, fold.size).unseen
    return float((places < k).mean())


def test_where_the_model_knows_nothing_the_neighbours_decide(fold: Fold) -> None:
    fused = Fused("ours", lambda _: None, nothing, nothing)
    fused.fit(fold)
    assert hits(fold, fused, 5) > 0.9, "five of twenty-three are chance"


def test_where_the_model_knows_everything_it_is_left_alone(fold: Fold) -> None:
    following = {
        int(fold.source.rows[at - 1]): int(fold.source.rows[at])
        for at in range(1, len(fold.source.rows))
        if at not in fold.source.starts
    }

    def oracle(part: Targets) -> Scores:
        scores = nothing(part)
        last = fold.source.rows[part.at - 1]
        scores[np.arange(len(part)), [following[int(row)] for row in last]] = 100.0
        return scores

    fused = Fused("ours", lambda _: None, oracle, oracle)
    fused.fit(fold)
    assert hits(fold, fused, 1) == 1.0


def test_what_the_model_may_not_show_is_shown_where_neighbours_speak_for_it(fold: Fold) -> None:
    def blind(part: Targets) -> Scores:
        scores = nothing(part)
        scores[:, FIRST_ROW + 5] = -np.inf
        return scores

    fused = Fused("ours", lambda _: None, blind, blind)
    fused.fit(fold)
    wanted = fold.test.part(np.flatnonzero(fold.test.rows == FIRST_ROW + 5))
    places = rank(fused.score, fold.source, wanted, fold.size).unseen
    assert len(places) > 0 and float((places < 1).mean()) > 0.9
