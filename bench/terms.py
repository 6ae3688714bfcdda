"""What each term of the loss beside the next event is worth: attributes, profile, the model before.

With a term and without it: the same processor time, seeds and targets, the model alone, NDCG@10
over the whole catalogue. *attributes* on Amazon Beauty, whose goods have titles; *profile* on
MovieLens 100k, whose users have age, gender and occupation; *older* on the first weeks of
Diginetica, from the second on. `lift` is the difference in points, `low` and `high` its 95 %
interval over users; it counts where all seeds agree. Shares were chosen on validation.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from bench.datasets import dataset
from bench.progress import say
from bench.result import Result, shown
from models.contender import Neural, Texts
from models.evaluation import vectors
from models.recipes import plan_for
from models.terms import NO_TERMS, Share
from recaug.augment.lift import lift
from recaug.batch import Int64
from recaug.evaluation import Float64, ndcg
from recaug.evaluation.dataset import DataSet, read
from recaug.evaluation.report import Pool
from recaug.evaluation.run import run as contend
from recaug.evaluation.splits import Split, split
from recaug.replay.documents import documents_beside

SEEDS = (0, 1, 2)
#: An age is of a decade; anything else is what it says.
DECADE = 10


@dataclass(frozen=True, slots=True)
class Case:
    """A term, and where it is tried."""

    term: str
    share: Share
    data: str
    split: str
    fold_s: float  # of processor time
    folds: int = 1


#: Quick mode runs the second.
BEAUTY, FILMS = "amazon-beauty-5core/interactions.tsv.gz", "ml-100k/ml-100k.inter.gz"
CASES = (
    Case("attributes", Share(attributes=0.1), BEAUTY, "loo", 120),
    Case("profile", Share(profile=0.05), FILMS, "loo", 40),
    Case("older", Share(older=0.5), "diginetica-ader", "periods", 50, folds=3),
)  # fmt: skip


def run(quick: bool) -> Iterator[Result]:
    """One term after the other; a data set that is missing ends it."""
    torch.set_num_threads(1)  # processor time is what is compared
    for case in CASES[1:2] if quick else CASES:
        yield _measured(replace(case, fold_s=2.0) if quick else case, SEEDS[: 1 if quick else None])


def _measured(case: Case, seeds: tuple[int, ...]) -> Result:
    data = read(dataset(case.data))
    whole = split(data, case.split)
    part = replace(whole, folds=whole.folds[: case.folds])
    texts = Texts(part.vocabulary, vectors(data, lambda *_: None))
    trial = _Trial(case, part, texts, traits_of(data))
    own, other = [], []
    for seed in seeds:
        other.append(trial.run(NO_TERMS, seed))
        own.append(trial.run(case.share, seed))
        means = (shown(100 * float(one[-1].mean())) for one in (own, other))
        say(f"terms: {case.term}, seed {seed}: NDCG@10 {' % with, '.join(means)} % without")
    found: dict[str, Any] = lift(own, other, trial.users)
    low, high = (round(100 * bound, 3) for bound in found["lift_ci"])
    both = (
        [100 * float(one.mean()) for one in own],
        "without",
        [100 * float(o.mean()) for o in other],
    )
    return Result.of_rates(
        "terms", *both, "% NDCG@10", term=case.term, data=case.data.partition("/")[0],
        share=max(case.share.attributes, case.share.profile, case.share.older),
        lift=round(100 * found["lift"], 3), low=low, high=high, verdict=found["verdict"],
        fold_s=case.fold_s, seeds=len(seeds),
    )  # fmt: skip


class _Trial:
    """Runs on the same targets that differ in their terms and seed alone."""

    def __init__(self, case: Case, part: Split, texts: Texts, traits: torch.Tensor) -> None:
        self._case, self._part, self._texts, self._traits = case, part, texts, traits
        self._pool = Pool(part)
        self.users: Int64 = np.zeros(0, np.int64)  # of the targets that count, after a run

    def run(self, share: Share, seed: int) -> Float64:
        """NDCG@10 of every target that counts."""
        first, case = self._part.folds[0], self._case
        plan = plan_for(first.source, first.known, case.fold_s)
        plan = replace(plan, recipe=replace(plan.recipe, terms=share))
        torch.manual_seed(seed)
        neural = Neural(
            "neural", plan, lambda: case.fold_s, torch.device("cpu"), seed, lambda *_: None,
            self._texts, time.process_time, self._traits,
        )  # fmt: skip
        (result,) = contend([neural], self._part, lambda *_: None)
        places, kept = self._pool.judged(result, self._part.filtered)
        self.users = self._pool.users[kept]
        return ndcg(places[kept])


def traits_of(data: DataSet) -> torch.Tensor:
    """(U, t): 1 where a user, by its number in `data`, has a trait; a column of 0 without any."""
    said = dict(_said(data.path))
    names = {
        trait: n for n, trait in enumerate(sorted({t for some in said.values() for t in some}))
    }
    table = torch.zeros(len(data.user_ids), max(1, len(names)))
    for number, user in enumerate(data.user_ids):
        for trait in said.get(user, ()):
            table[number, names[trait]] = 1.0
    return table


def _said(path: Path) -> Iterator[tuple[str, list[str]]]:
    for documents in documents_beside(path) if path.is_file() else ():
        for document in documents.read(0) if documents.kind == "user" else ():
            yield document["user_id"], [_trait(*one) for one in document.get("traits", {}).items()]


def _trait(name: str, value: str) -> str:
    return f"{name} {int(value) // DECADE * DECADE}" if value.isdigit() else f"{name} {value}"
