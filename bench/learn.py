"""How good the lists are: data sets on which others have published figures, full ranking.

`recaug evaluate` with its defaults and the seconds that stand in each row, on as many cores as
there are. Ours is all three scorers as one list, or the sequence model alone where `model` says so;
the peer is the baseline beside it that did best. Figures are per cent, means over seeds; `sd` is
between seeds, and `gain` is what the list has more than the better of the model and session-kNN.

Beauty, Sports, Toys, ML-1M and ML-100K: leave-one-out, without what the user has had. Diginetica:
each week from those before, every click, items seen so far. Beauty by time: the newest tenth.
What follows, `social` and `shift`, are benches of their own as well. All of it takes some five
hours; interrupted, it goes on where it was.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from statistics import mean, stdev
from typing import Any

from bench import machine, shift, social
from bench.datasets import dataset
from bench.progress import say
from bench.result import Result, shown
from recaug import atomic
from recaug.errors import Failure
from recaug.local.programs import checkout
from recaug.settings import Settings

SEEDS = (0, 1, 2)
BASELINES = ("popular", "itemknn", "vsknn")
OURS = ("neural", "ours")


@dataclass(frozen=True, slots=True)
class Task:
    """A data set, and which figures of its report count."""

    name: str
    path: str
    split: str
    budget_s: float
    figures: tuple[tuple[str, str], ...] = (("", "hr@10"), ("", "ndcg@10"))  # part, metric
    models: tuple[str, ...] = ("ours",)


#: Quick mode runs the first.
TASKS = (
    Task("ML-100K", "ml-100k/ml-100k.inter.gz", "loo", 60),
    Task("Beauty", "s3rec/Beauty.txt.gz", "loo", 600),
    Task("Beauty with titles", "amazon-beauty-5core/interactions.tsv.gz", "loo", 600),
    Task("Toys", "s3rec/Toys_and_Games.txt.gz", "loo", 600),
    Task("Sports", "s3rec/Sports_and_Outdoors.txt.gz", "loo", 900),
    Task(
        "Diginetica", "diginetica-ader", "periods", 1_200,
        (("seen_so_far", "hr@20"), ("seen_so_far", "mrr@20")), OURS,
    ),
    Task(
        "Beauty by time", "amazon-beauty-5core/interactions.tsv.gz", "time", 300,
        (("", "hr@10"), ("warm", "hr@10"), ("cold", "hr@10"), ("few", "hr@10")),
    ),
    Task("ML-1M", "ml-1m/ml-1m_sas.txt.gz", "loo", 1_800),
)  # fmt: skip


def run(quick: bool) -> Iterator[Result]:
    """One data set after the other; a data set that is missing ends it."""
    for task in TASKS[:1] if quick else TASKS:
        seeds = SEEDS[:1] if quick else SEEDS
        yield from results(task, [evaluated(task, seed) for seed in seeds])
    if not quick:
        yield from social.run(quick)
        yield from shift.run(quick)


def results(task: Task, reports: list[dict[str, Any]]) -> Iterator[Result]:
    """The figures of a task from what `recaug evaluate --json` writes, one report a seed."""
    about = {
        "data": task.name, "split": task.split, "budget_s": task.budget_s, "seeds": len(reports),
        "seconds": round(mean(report["seconds"] for report in reports)),
    }  # fmt: skip
    for part, metric in task.figures:
        found = {
            name: [100 * _figure(report["models"][name], part, metric) for report in reports]
            for name in (*BASELINES, *OURS)
        }
        yield from _results(task, found, f"% {metric.upper()}", {**about, "part": part or "all"})


def _results(
    task: Task, found: dict[str, list[float]], unit: str, about: dict[str, Any]
) -> Iterator[Result]:
    means = {name: mean(values) for name, values in found.items()}
    rival = max(BASELINES, key=means.__getitem__)
    gain = round(means["ours"] - max(means["neural"], means["vsknn"]), 3)
    for model in task.models:
        sd = round(stdev(found[model]), 3) if len(found[model]) > 1 else 0.0
        both = [means[model]], rival, [means[rival]]
        yield Result.of_rates("learn", *both, unit, **about, model=model, gain=gain, sd=sd)


def _figure(model: dict[str, Any], part: str, metric: str) -> float:
    of = model if not part else model["items"][part] if part in model["items"] else model[part]
    return float(of[metric])


def evaluated(task: Task, seed: int) -> dict[str, Any]:
    """The report of one evaluation, kept for as long as the code is the same.

    All of them take hours: who is interrupted goes on where it was.
    """
    report = kept(machine.commit(), task, seed, _evaluate)
    ours = report["models"]["ours"]
    say(f"learn {task.name}, seed {seed}: NDCG@10 {shown(100 * ours['ndcg@10'])} %")
    return report


def kept(
    commit: str, task: Task, seed: int, evaluate: Callable[[Task, int], bytes]
) -> dict[str, Any]:
    """What `evaluate` returned under this commit; what is not committed is evaluated anew."""
    place = Settings().cache / "learn" / commit
    file = place / f"{task.name}-{seed}.json"
    if commit.endswith(("-dirty", "unknown")) or not file.exists():
        place.mkdir(parents=True, exist_ok=True)
        atomic.write_bytes(file, evaluate(task, seed))
    found: dict[str, Any] = json.loads(file.read_bytes())
    return found


def _evaluate(task: Task, seed: int) -> bytes:
    """JSON, by a process of its own; its progress goes to our stderr."""
    command = [
        sys.executable, "-m", "models", "evaluate", "--data", str(dataset(task.path)),
        "--split", task.split, "--budget", str(task.budget_s), "--seed", str(seed),
        "--models", *BASELINES, *OURS,
    ]  # fmt: skip
    env = {**os.environ, "PYTHONPATH": str(checkout())}
    done = subprocess.run(command, env=env, stdout=subprocess.PIPE, check=False)
    if done.returncode:
        raise Failure(
            f"{task.name} could not be evaluated", "its process said why above",
            f"recaug evaluate --data {task.path}",
        )  # fmt: skip
    return done.stdout
