"""Our model as a contender, and a whole evaluation in this process."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from models.contender import Neural
from models.evaluation import SASREC, Purse, Terms, evaluate
from models.recipes import PURCHASES
from recaug.batch import FIRST_ROW
from recaug.errors import Failure
from recaug.evaluation.dataset import read
from recaug.evaluation.ranking import rank
from recaug.evaluation.splits import split

CPU = torch.device("cpu")


def quiet(*_: object) -> None:
    pass


def ring(path: Path, users: int = 150, events: int = 12, items: int = 20) -> Path:
    """After item i comes i + 1; every item is as popular as the next."""
    rng = np.random.default_rng(0)
    lines = ["user_id,item_id,timestamp"]
    for user, at in enumerate(rng.integers(0, items, users).tolist()):
        begin = 1_500_000_000 + int(rng.integers(10**6))
        lines += [f"u{user},i{(at + n) % items},{begin + 60 * n}" for n in range(events)]
    file = path / "ring.csv"
    file.write_text("\n".join(lines) + "\n")
    return file


def terms(data: Path, **changed: Any) -> Terms:
    given = {"split": "", "budget_s": 8.0, "device": "cpu", "seed": 0, "models": ("ours",)}
    return Terms(data=data, **(given | changed))


def test_ours_learns_the_ring_and_popularity_cannot(tmp_path: Path) -> None:
    heard: list[str] = []
    found = evaluate(
        terms(ring(tmp_path), split="loo", models=("popular", "ours")),
        time.monotonic(), quiet, heard.append,
    )  # fmt: skip
    ours, popular = found["models"]["ours"], found["models"]["popular"]
    # Eleven of the twenty have been seen and are left out: five of nine is chance.
    assert ours["unfiltered"]["hr@5"] > 0.9 > 0.5 > popular["unfiltered"]["hr@5"]
    assert ours["against"]["model"] == "popular" and ours["against"]["ndcg@10_ci"][0] > 0
    assert any("leave-one-out, as asked for; 150 targets" in line for line in heard)


def test_rows_that_were_never_trained_are_never_shown_and_the_table_grows(tmp_path: Path) -> None:
    for period, items in enumerate(([0, 1, 2], [1, 2, 3], [2, 3, 4])):
        lines = [f"{s} {items[(s + n) % 3]}" for s in range(40) for n in range(3)]
        (tmp_path / f"period_{period}.txt").write_text("\n".join(lines) + "\n")
    divided = split(read(tmp_path))
    ours = Neural("ours", PURCHASES, lambda: 2.0, CPU, 0, quiet)
    for fold, known in zip(divided.folds, (5, 6), strict=True):
        ours.fit(fold)
        scores = ours.score(fold.test)
        assert scores.shape == (len(fold.test), known) == (len(fold.test), fold.size)
        assert np.isneginf(scores[:, :2]).all() and np.isfinite(scores[:, 2:]).all()
        assert rank(ours.score, fold.source, fold.test, fold.size).places.min() >= 0


def test_a_later_fold_learns_what_is_new_and_as_much_of_the_old(tmp_path: Path) -> None:
    for period in range(3):
        lines = [f"{s} {n}" for s in range(40) for n in range(3)]
        (tmp_path / f"period_{period}.txt").write_text("\n".join(lines) + "\n")
    first, second = split(read(tmp_path)).folds
    ours = Neural("ours", PURCHASES, lambda: 1.0, CPU, 0, quiet)
    ours.fit(first)
    learned = first.before
    asked = ours._log(second, second.known, PURCHASES).asked
    new = second.known & ~learned
    assert asked[new].all() and not asked[~second.known].any()
    assert 0.6 < (asked & learned).sum() / new.sum() < 1.4


def test_what_validated_is_learned_before_the_test_where_it_may_be(tmp_path: Path) -> None:
    """Item 3 is in validation alone: first unknown, then shown."""
    for period in range(3):
        lines = [f"{s} {n}" for s in range(40) for n in range(3)]
        (tmp_path / f"period_{period}.txt").write_text("\n".join(lines) + "\n")
    fold = split(read(tmp_path)).folds[1]
    row = FIRST_ROW + 2
    fold = replace(fold, known=fold.known & (fold.source.rows != row))
    ours = Neural("ours", PURCHASES, lambda: 5.0, CPU, 0, quiet)
    ours.fit(fold)
    assert np.isneginf(ours.score_known(fold.test)[:, row]).all()
    assert np.isfinite(ours.score(fold.test)[:, row]).all()


def test_the_budget_is_kept_whatever_is_left_of_it(tmp_path: Path) -> None:
    data = split(read(ring(tmp_path, users=60)), "loo")
    heard: list[tuple[object, ...]] = []
    ours = Neural("ours", PURCHASES, lambda: 0.0, CPU, 0, lambda *told: heard.append(told))
    ours.fit(data.folds[0])
    assert heard == [], "no step was taken"
    assert ours.score(data.folds[0].test).shape[1] == 22


def test_without_anything_to_validate_on_the_last_epoch_stays(tmp_path: Path) -> None:
    (fold,) = split(read(ring(tmp_path)), "loo").folds
    none = fold.validation.part(slice(0, 0))
    brief = replace(PURCHASES, recipe=replace(PURCHASES.recipe, epochs=12))
    ours = Neural("ours", brief, lambda: 60.0, CPU, 0, quiet)
    ours.fit(replace(fold, validation=none))
    places = rank(ours.score, fold.source, fold.test, fold.size).unseen
    assert float((places < 1).mean()) > 0.5, "one of nine is chance"


def test_the_baseline_that_trains_learns_too_and_leaves_ours_most_of_the_time(
    tmp_path: Path,
) -> None:
    found = evaluate(
        terms(ring(tmp_path), split="loo", models=("sasrec", "ours")),
        time.monotonic(), quiet, quiet,
    )["models"]  # fmt: skip
    assert SASREC.recipe.loss == "one negative" != PURCHASES.recipe.loss
    assert found["sasrec"]["unfiltered"]["hr@10"] > 0.6, "ten of twenty is chance"
    assert found["ours"]["against"]["model"] == "sasrec"


def test_ours_leaves_what_others_took_of_the_fold_before() -> None:
    now = [0.0]
    ours = Purse(400.0, 40.0, 4, 1.0, lambda: now[0])
    assert ours() == 100.0  # nobody knows yet what the others take
    now[0] = 130.0  # they took 30
    assert ours() == (400.0 - 130.0) / 3 - 30.0
    now[0] = 130.0 + 60.0 + 30.0
    assert ours() == (400.0 - 220.0) / 2 - 30.0
    now[0] = 399.0
    assert ours() == 40.0, "the least, whatever is left"


def test_a_share_leaves_enough_by_itself() -> None:
    now = [0.0]
    baseline = Purse(100.0, 10.0, 2, 0.2, lambda: now[0])
    assert baseline() == 10.0
    now[0] = 60.0
    assert baseline() == 8.0


def test_a_device_that_is_not_there(tmp_path: Path) -> None:
    if torch.cuda.is_available():
        pytest.skip("it is there")
    with pytest.raises(Failure, match="cannot train on cuda"):
        evaluate(terms(ring(tmp_path), device="cuda"), time.monotonic(), quiet, quiet)
