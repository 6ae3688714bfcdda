"""`recaug evaluate`, the part that needs torch: our model among the baselines, within a budget."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from models import weights
from models.adam import AdamW
from models.batches import Log
from models.device import choose
from models.recipes import recipe_for
from models.sequence import SPREAD, SequenceModel, Shape
from models.train import Recipe, scorer, train
from recaug.evaluation import Score, Scores, Targets, ndcg
from recaug.evaluation.baselines.itemknn import ItemKnn
from recaug.evaluation.baselines.popular import Popular
from recaug.evaluation.baselines.sessionknn import Sessions
from recaug.evaluation.contenders import Contender, main_places
from recaug.evaluation.dataset import DataSet, read
from recaug.evaluation.fused import Fused
from recaug.evaluation.ranking import rank
from recaug.evaluation.report import Figures, report
from recaug.evaluation.run import Say, run
from recaug.evaluation.splits import MOST_TESTED, SPLITS, Fold, Split, split

#: Of the budget that training gets at least, however long the baselines took.
LEAST = 0.2
#: Of the time that is left, what the baseline that trains takes.
BASELINE = 0.2
#: Of the budget, what is kept for the report.
REPORT = 0.03

#: What SASRec was published with: one negative for each positive, and no views.
SASREC = Recipe(loss="one negative", views=0.0)


@dataclass(frozen=True, slots=True)
class Terms:
    """What `recaug evaluate` was asked for."""

    data: Path
    split: str  # of `SPLITS`; empty: what fits the data
    budget_s: float
    device: str
    seed: int
    models: tuple[str, ...]


def evaluate(terms: Terms, began_s: float, say: Say, tell: Callable[[str], None]) -> Figures:
    """Evaluate as asked; `say` hears of progress and `tell` what a person should know.

    `began_s` is when the budget began, by `time.monotonic`. Raises Failure where the data cannot be
    read or split, or the device is not there.
    """
    torch.manual_seed(terms.seed)
    place = choose(terms.device)
    data = read(terms.data, lambda count: say("read", "events", count, 0))
    tell(f"{terms.data.name}: {data.note}")
    divided = split(data, terms.split, terms.seed)
    tell(_told(data, divided))
    end_s = began_s + terms.budget_s * (1 - REPORT)
    contenders = _contenders(terms, end_s, len(divided.folds), place, say)
    results = run(contenders, divided, say)
    return report(str(terms.data), divided, results, time.monotonic() - began_s, terms.seed)


def _told(data: DataSet, divided: Split) -> str:
    sizes = [len(fold.test) for fold in divided.folds]
    thinned = f", thinned to {MOST_TESTED:,} at once" if max(sizes) == MOST_TESTED else ""
    return (
        f"{len(data.users):,} events, {len(data.item_ids):,} items; {SPLITS[divided.name]}, "
        f"{divided.why}; {sum(sizes):,} targets{thinned}"
    )


def _contenders(
    terms: Terms, end_s: float, folds: int, place: torch.device, say: Say
) -> list[Contender]:
    def time_s(share: float) -> Callable[[], float]:
        return lambda: share * max(end_s - time.monotonic(), LEAST * terms.budget_s)

    both = {"neural", "ours"} & set(terms.models)
    baseline = time_s(BASELINE if both else 1.0)
    sasrec = Neural("sasrec", SASREC, baseline, folds, place, terms.seed, say)
    neural = Neural("neural", None, time_s(1.0), folds, place, terms.seed, say)
    # Where both are asked for, the first has trained on the fold when the second's turn comes.
    learn = (lambda _: None) if "neural" in both else neural.fit
    makers: dict[str, Callable[[], Contender]] = {
        "popular": Popular,
        "itemknn": ItemKnn,
        "vsknn": Sessions,
        "sasrec": lambda: sasrec,
        "neural": lambda: neural,
        "ours": lambda: Fused("ours", learn, neural.score, Shape().temperature),
    }
    return [make() for name, make in makers.items() if name in terms.models]


class Neural:
    """The sequence model by some recipe, trained on each fold from where the one before left it.

    The epoch that validates best is the one tested; validation events are then in the histories.
    """

    def __init__(
        self, name: str, recipe: Recipe | None, time_s: Callable[[], float], folds: int,
        place: torch.device, seed: int, say: Say,
    ) -> None:  # fmt: skip
        """`time_s` tells how long all that is left of `folds` may take.

        Without a `recipe` it is the one for the kind of data that the first fold is.
        """
        self.name, self._recipe, self._time_s, self._left = name, recipe, time_s, folds
        self._device, self._seed, self._say = place, seed, say
        self._trained: tuple[SequenceModel, AdamW] | None = None
        self._score: Score | None = None

    def fit(self, fold: Fold) -> None:
        first = self._trained is None
        recipe = self._recipe = self._recipe or recipe_for(fold.source, fold.known)
        end_s = time.monotonic() + self._time_s() / self._left
        self._left -= 1
        model, optimizer = self._grown(fold.size, recipe)
        judge = _Judge(model, fold)
        train(
            model, optimizer, _log(fold, model.encoder.shape.history), recipe,
            recipe.rate if first else recipe.warm_rate, judge.reached,
            lambda: time.monotonic() >= end_s - judge.test_s,
            lambda step, steps, _: self._say(self.name, f"trains {fold.name}".strip(), step, steps),
            self._seed,
        )  # fmt: skip
        self._trained = model, optimizer
        self._score = _scorer(model, fold)

    def score(self, part: Targets) -> Scores:
        assert self._score is not None, "fit comes first"
        return self._score(part)

    def _grown(self, size: int, recipe: Recipe) -> tuple[SequenceModel, AdamW]:
        """The model so far with rows for the items that are new, or one that knows nothing."""
        if self._trained is None:
            shape = Shape(width=recipe.width)
            model = SequenceModel(shape, size, recipe.dropout).to(self._device)
            return model, AdamW(model)
        model, optimizer = self._trained
        new = torch.randn(size - len(model.table), model.encoder.shape.width) * SPREAD
        model, optimizer = weights.grown(model, optimizer, new.to(self._device), recipe.dropout)
        model.to(self._device)
        optimizer.to(self._device)
        return model, optimizer


class _Judge:
    """NDCG@10 on the validation targets, and from that how long the test will take."""

    def __init__(self, model: SequenceModel, fold: Fold) -> None:
        self._model, self._fold = model, fold
        self._asked = 0
        self.test_s = 0.0

    def reached(self) -> float:
        fold, began_s = self._fold, time.monotonic()
        self._asked += 1
        if not len(fold.validation):
            return float(self._asked)  # nothing to choose by: the last epoch it is
        ranked = rank(_scorer(self._model, fold), fold.source, fold.validation, fold.size)
        # One more validation comes before the test.
        share = 1 + len(fold.test) / len(fold.validation)
        self.test_s = (time.monotonic() - began_s) * share
        found = main_places(fold, ranked)
        return float(ndcg(found).mean()) if len(found) else 0.0


def _log(fold: Fold, length: int) -> Log:
    """What may be learned; where nobody wants the same again, it is not asked for either."""
    asked = fold.known if fold.repeats else fold.known & ~fold.source.repeats(length)
    return Log(fold.source, fold.known, asked)


def _scorer(model: SequenceModel, fold: Fold) -> Score:
    """Scores of the rows that were trained; of the others the model knows nothing."""
    score = scorer(model, fold.source)
    strange = np.bincount(fold.source.rows[fold.known], minlength=fold.size)[: fold.size] == 0

    def known(part: Targets) -> Scores:
        return np.where(strange, -np.inf, score(part))

    return known
