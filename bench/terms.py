"""What each term of the loss beside the next event is worth: attributes, profile, the model before.

With a term and without it: the same processor time, seeds and targets, the model alone, NDCG@10
over the whole catalogue. *attributes* on Amazon Beauty, whose goods have titles; *profile* on
MovieLens 100k, whose users have age, gender and occupation; *older* on the first weeks of
Diginetica, from the second on. `lift` is the difference in points, `low` and `high` its 95 %
interval over users; it counts where all seeds agree. The shares are of those that validation of
MovieLens 100k and of Diginetica saw (docs/learning.md).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import torch

from bench.datasets import dataset
from bench.progress import say
from bench.result import Result, shown
from models.contender import Texts
from models.evaluation import vectors
from models.recipes import plan_for
from models.terms import NO_TERMS, Share
from models.trial import Trial
from recaug.augment.lift import lift
from recaug.batch import Int64
from recaug.evaluation import Float64
from recaug.evaluation.dataset import DataSet, read
from recaug.evaluation.splits import split
from recaug.replay.documents import read_beside

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


BEAUTY, FILMS = "amazon-beauty-5core/interactions.tsv.gz", "ml-100k/ml-100k.inter.gz"
#: Quick mode runs the second.
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
    texts = Texts(part.vocabulary, vectors(data, _unsaid))
    first = part.folds[0]
    plan = plan_for(first.source, first.known, case.fold_s)
    trial = Trial(
        part, plan, torch.device("cpu"), case.fold_s * len(part.folds), _unsaid, 2 * len(seeds),
        traits_of(data) if case.share.profile else None,
    )  # fmt: skip
    own, other = list[Float64](), list[Float64]()
    for seed in seeds:
        for share, values in ((NO_TERMS, other), (case.share, own)):
            recipe = replace(plan.recipe, terms=share)
            values.append(trial.run(case.term, recipe, seed, texts).values)
        reached = f"{shown(_percent(own[-1]))} % with, {shown(_percent(other[-1]))} % without"
        say(f"terms: {case.term}, seed {seed}: NDCG@10 {reached}")
    return _result(case, own, other, trial.users)


def _result(case: Case, own: list[Float64], other: list[Float64], users: Int64) -> Result:
    found: dict[str, Any] = lift(own, other, users)
    gain, low, high = (round(100 * one, 3) for one in (found["lift"], *found["lift_ci"]))
    return Result.of_rates(
        "terms", list(map(_percent, own)), "without", list(map(_percent, other)), "% NDCG@10",
        term=case.term, data=case.data.partition("/")[0], share=getattr(case.share, case.term),
        lift=gain, low=low, high=high, verdict=found["verdict"], fold_s=case.fold_s,
        seeds=len(own),
    )  # fmt: skip


def _percent(values: Float64) -> float:
    return 100 * float(values.mean())


def _unsaid(*_: object) -> None:
    """For progress within a run: this bench tells of whole ones."""


def traits_of(data: DataSet) -> torch.Tensor:
    """(U, t): 1 where a user, by its number in `data`, has a trait; a column of 0 without any."""
    said = {
        user["user_id"]: [_trait(*one) for one in user.get("traits", {}).items()]
        for user in read_beside(data.path, "user")
    }
    every = sorted({trait for some in said.values() for trait in some})
    names = {trait: column for column, trait in enumerate(every)}
    table = torch.zeros(len(data.user_ids), max(1, len(names)))
    for number, user in enumerate(data.user_ids):
        for trait in said.get(user, ()):
            table[number, names[trait]] = 1.0
    return table


def _trait(name: str, value: str) -> str:
    return f"{name} {int(value) // DECADE * DECADE}" if value.isdigit() else f"{name} {value}"
