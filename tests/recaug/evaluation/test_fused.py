"""The list that is served: it leans on whichever scorer knows something."""

from __future__ import annotations

from dataclasses import replace
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
BEGAN_S = 1_700_000_000


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


@pytest.mark.parametrize("arriving", [True, False])
def test_a_new_item_that_only_the_model_finds_is_in_the_list_beside_what_neighbours_say(
    tmp_path: Path, arriving: bool
) -> None:
    """Half of the newest events go round the ring, which the model has no idea of; half are of
    items that nobody had before, of which neighbours have none: no list of one scorer has both.

    Where they are not new, only left out of what is learned, nothing makes up for it."""
    lines = ["user,item,timestamp"]
    for user, at in enumerate(np.random.default_rng(0).integers(0, ITEMS, 600).tolist()):
        lines += [f"u{user},i{(at + n) % ITEMS},{BEGAN_S + 1_000 * n + user}" for n in range(6)]
        last = f"i{(at + 6) % ITEMS}" if user % 2 else f"new{at}-{user // 300}"
        lines.append(f"u{user},{last},{BEGAN_S + 10_000 + user}")
    file = tmp_path / "ring.csv"
    file.write_text("\n".join(lines) + "\n")
    data = read(file)
    divided = split(replace(data, texts={item: item for item in data.item_ids}), "time")
    (fold,), names = divided.folds, np.array(["", "", *divided.vocabulary])

    def model(part: Targets) -> Scores:
        """The new item that goes with where the user began; all others alike."""
        begun = [names[fold.source.rows[start]].removeprefix("i") for start in part.starts]
        scores = np.zeros((len(part), fold.size))
        for line, number in zip(scores, begun, strict=True):
            line[[name.startswith(f"new{number}-") for name in names[: fold.size]]] = 1.0
        return scores

    fold = replace(fold, arriving=arriving and fold.arriving)
    fused = Fused("ours", lambda _: None, model, model)
    fused.fit(fold)
    ranked = rank(fused.score, fold.source, fold.test, fold.size)
    new = np.char.startswith(names[fold.test.rows], "new")
    assert 50 < new.sum() < len(new) - 50
    assert (float((ranked.unseen[new] < 10).mean()) > 0.9) == arriving
    assert float((ranked.unseen[~new] < 10).mean()) > 0.9
