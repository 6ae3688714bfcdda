"""Weights are chosen as ranking everything under each of them would choose."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from recaug.batch import FIRST_ROW
from recaug.evaluation import Score, Scores, Targets, ndcg
from recaug.evaluation.dataset import read
from recaug.evaluation.fused import fused
from recaug.evaluation.others import Others
from recaug.evaluation.ranking import rank
from recaug.evaluation.splits import Fold, split
from recaug.evaluation.weighing import choose
from recaug.fusion import BUCKETS, CHOICES, Fusion
from recaug.session_knn import REACHES

USERS, ITEMS, SIZE = 300, 400, FIRST_ROW + 400


@pytest.fixture(params=range(2))
def fold(tmp_path: Path, request: pytest.FixtureRequest) -> Fold:
    """Each user goes round one of forty groups of ten items, and now and then elsewhere."""
    rng = np.random.default_rng(request.param)
    file = tmp_path / "groups.txt"
    file.write_text("\n".join(f"u{user} " + " ".join(_walk(rng)) for user in range(USERS)) + "\n")
    fold = split(read(file), "loo").folds[0]
    return replace(fold, repeats=request.param % 2 == 1)


def _walk(rng: np.random.Generator) -> list[str]:
    at, length = 10 * int(rng.integers(ITEMS // 10)), int(rng.integers(3, 30))
    astray = rng.random(length) < 0.3
    items = np.where(astray, rng.integers(ITEMS, size=length), at + rng.integers(10, size=length))
    return [f"i{item}" for item in items]


def taught(fold: Fold) -> Others:
    others = Others(fold.source)
    others.learn(fold.known, fold.counts, fold.counts == 0)
    return others


def guessing(fold: Fold) -> Score:
    """A model that knows a little: noise, and the target a bit above it."""

    def scores(part: Targets) -> Scores:
        found = np.stack([np.random.default_rng(at).normal(size=fold.size) for at in part.at])
        known = part.rows < fold.size
        found[known, part.rows[known]] += 2.0
        return found

    return scores


def test_chooses_as_ranking_everything_would(fold: Fold) -> None:
    model, others, wanted = guessing(fold), taught(fold), fold.validation

    def gains(fusion: Fusion) -> np.ndarray:
        ranked = rank(fused(model, fusion, others), fold.source, wanted, fold.size)
        places = ranked.places if fold.repeats else ranked.unseen
        hidden = ranked.repeated & (not fold.repeats)
        return np.where(hidden, 0.0, ndcg(places))

    each = np.stack([gains(Fusion((one,) * len(BUCKETS))) for one in CHOICES], axis=1)
    chosen = choose(fold, model, others)
    assert chosen == Fusion.choose(wanted.at - wanted.starts, each)
    assert chosen != Fusion.alone(), "neighbours know the groups, the model hardly"


@pytest.mark.parametrize("lasting", [True, False])
def test_how_far_back_clicks_count_goes_by_what_tells_more(tmp_path: Path, lasting: bool) -> None:
    """A user's ten items are of one group, three more of any; then the group goes on, or the last
    of the three does."""
    rng, lines = np.random.default_rng(0), list[str]()
    for user in range(1_500):
        group = 30 * int(rng.integers(ITEMS // 30))
        astray, same = rng.integers(ITEMS, size=3), group + rng.integers(30, size=12)
        after = same[10:] if lasting else (astray[-1] + [1, 2]) % ITEMS
        items = [*same[:10], *astray, *after]
        lines.append(f"u{user} " + " ".join(f"i{item}" for item in items))
    file = tmp_path / "log.txt"
    file.write_text("\n".join(lines) + "\n")
    fold = split(read(file), "loo").folds[0]
    found = choose(fold, lambda part: np.zeros((len(part), fold.size)), taught(fold))
    assert found.of(13).sessions > 0
    assert (found.of(13).reach > REACHES[0]) == lasting


def test_nothing_that_validates_leaves_the_model_alone(fold: Fold) -> None:
    nobody = replace(fold, validation=fold.validation.part(slice(0)))
    assert choose(nobody, guessing(fold), taught(fold)) == Fusion.alone()
