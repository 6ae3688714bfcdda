"""What becomes of the reports of evaluations."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bench.datasets import dataset
from bench.goals import verdict
from bench.learn import BASELINES, OURS, TASKS, Task, kept, results
from recaug.errors import Failure


def report(**hits: float) -> dict[str, Any]:
    """A report in which every figure of a model is the same."""

    def figures(value: float) -> dict[str, Any]:
        plain = dict.fromkeys(("hr@10", "ndcg@10", "hr@20", "mrr@20"), value)
        items = dict.fromkeys(("warm", "few", "cold"), plain)
        return {**plain, "items": items, "seen_so_far": plain}

    every = dict.fromkeys((*BASELINES, *OURS), 0.01) | hits
    return {"seconds": 10.0, "models": {name: figures(value) for name, value in every.items()}}


def task(name: str) -> Task:
    return next(task for task in TASKS if task.name == name)


def test_a_figure_is_the_mean_over_seeds_beside_the_best_baseline() -> None:
    both = [report(ours=0.19, itemknn=0.1), report(ours=0.21, itemknn=0.1)]
    hits, gains = results(task("ML-100K"), both)
    assert (hits.peer, hits.unit, gains.unit) == ("itemknn", "% HR@10", "% NDCG@10")
    assert hits.ours == pytest.approx(20) and hits.ratio == pytest.approx(2)
    assert hits.config["sd"] == pytest.approx(2**0.5, abs=1e-3) and hits.config["seeds"] == 2
    assert verdict(hits) == "≥ 18 % met"
    assert verdict(gains) == "≥ 9.5 % met"


def test_what_a_list_gains_is_over_the_better_of_model_and_neighbours() -> None:
    found = list(results(task("Diginetica"), [report(vsknn=0.5, neural=0.45, ours=0.515)]))
    verdicts = {(one.config["model"], one.unit): verdict(one) for one in found}
    assert verdicts == {
        ("neural", "% HR@20"): "ratio ≥ 1 MISSED: 0.90",
        ("neural", "% MRR@20"): "ratio ≥ 1 MISSED: 0.90",
        ("ours", "% HR@20"): "gain ≥ 2 MISSED: 1.50",
        ("ours", "% MRR@20"): "gain ≥ 1 met",
    }


def test_every_task_has_a_goal_for_every_figure() -> None:
    for one in TASKS:
        assert all(verdict(found) for found in results(one, [report()])), one.name


def test_who_is_interrupted_goes_on_where_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RECAUG_CACHE_DIR", str(tmp_path))
    asked: list[int] = []

    def evaluate(_: Task, seed: int) -> bytes:
        asked.append(seed)
        return json.dumps(report(ours=len(asked) / 100)).encode()

    def found(commit: str, seed: int) -> float:
        value: float = kept(commit, task("Beauty"), seed, evaluate)["models"]["ours"]["hr@10"]
        return value

    assert [found("1f", 0), found("1f", 1), found("1f", 0), found("1f", 1)] == [0.01, 0.02] * 2
    assert found("2e", 0) == 0.03  # other code
    assert [found("2e-dirty", 0), found("2e-dirty", 0)] == [0.04, 0.05]  # who knows what code
    assert asked == [0, 1, 0, 0, 0]


def test_a_data_set_that_is_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RECAUG_DATA", str(tmp_path))
    with pytest.raises(Failure) as caught:
        dataset("ml-100k/ml-100k.inter.gz")
    assert "holds ml-100k" in caught.value.explain()
    (tmp_path / "ml-100k").mkdir()
    (tmp_path / "ml-100k/ml-100k.inter.gz").touch()
    assert dataset("ml-100k/ml-100k.inter.gz") == tmp_path / "ml-100k/ml-100k.inter.gz"
