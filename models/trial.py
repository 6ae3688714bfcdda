"""Runs of the model alone that differ in recipe and seed, on the same targets in the same time."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace

import numpy as np
import torch

from models.contender import Neural, Texts
from models.recipes import Plan
from models.train import Recipe
from recaug.batch import Int64
from recaug.evaluation import metrics
from recaug.evaluation.metrics import Float64
from recaug.evaluation.report import Pool
from recaug.evaluation.run import Say, run
from recaug.evaluation.splits import Split


@dataclass(frozen=True, slots=True)
class Run:
    """What one reached, by target that counts, (T,)."""

    values: Float64  # NDCG@10
    hits: Float64
    cpu_s: float
    learned: bool  # whether any epoch was better than the start
    finished: bool  # whether it ended by itself, not with its time


class Trial:
    """Each of `runs` has `each_s` of processor time, validations included, for all folds.

    traits  (U, t) of users, for a recipe whose loss asks for them
    """

    def __init__(
        self, divided: Split, plan: Plan, place: torch.device, each_s: float, say: Say, runs: int,
        traits: torch.Tensor | None = None,
    ) -> None:  # fmt: skip
        self._pool, self._plan, self._place = Pool(divided), plan, place
        self.users: Int64 = np.zeros(0, np.int64)  # of the targets that count, after a run
        self._each_s, self._say, self._runs, self._done = each_s, say, runs, 0
        self._traits = traits

    def run(self, name: str, recipe: Recipe, seed: int, texts: Texts) -> Run:
        """Train and test once; `name` is for the progress."""
        self._say("runs", "done", self._done, self._runs)
        began_s, folds = time.process_time(), len(self._pool.split.folds)
        torch.manual_seed(seed)

        def say(_: str, stage: str, done: int, total: int) -> None:
            self._say("run", f"{name}, seed {seed}: {stage}", done, total)

        neural = Neural(
            name, replace(self._plan, recipe=recipe), lambda: self._each_s / folds, self._place,
            seed, say, texts, time.process_time, self._traits,
        )  # fmt: skip
        (result,) = run([neural], self._pool.split, say)
        self._done += 1
        places, kept = self._pool.judged(result, self._pool.split.filtered)
        self.users = self._pool.users[kept]
        cpu_s = time.process_time() - began_s
        learned = any(one.best_epoch for one in neural.progress)
        finished = all(one.stopped != "budget" for one in neural.progress)
        values = metrics.ndcg(places[kept]), metrics.hits(places[kept])
        return Run(*values, cpu_s, learned, finished)
