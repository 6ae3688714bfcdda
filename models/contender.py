"""The sequence model as a contender of an evaluation (`recaug.evaluation`), text included."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import torch

from models import company, text_map, weights
from models.adam import AdamW
from models.augment.wording import together
from models.batches import Bool, Log
from models.recipes import Plan, plan_for
from models.sequence import SPREAD, SequenceModel
from models.text_rows import Float32
from models.train import Progress, scorer, train
from recaug.batch import FIRST_ROW, Int64
from recaug.evaluation import Score, Scores, Targets, ndcg
from recaug.evaluation.again import choose as weigh
from recaug.evaluation.again import lifted
from recaug.evaluation.contenders import best, main_places
from recaug.evaluation.ranking import rank
from recaug.evaluation.run import Say
from recaug.evaluation.splits import Fold

#: Times that what validated is learned, once the best epoch is known, and of a fold's time the
#: share that is kept for it.
FINISH, FINISH_SHARE = 2, 0.1

#: How long the row of an item may be that only its text tells of: it is nearer to the middle than
#: one that was learned, and so to nobody as near. What validates best is taken.
LIFTS = (0.8, 1.0, 1.2, 1.4)

Trained = tuple[SequenceModel, AdamW]


@dataclass(frozen=True, slots=True)
class Texts:
    """What items say of themselves: item `vocabulary[i]` has row i + 2."""

    vocabulary: list[str]
    vectors: dict[str, Float32]
    others: tuple[dict[str, Float32], ...] = ()  # the same in other words

    def white(self, rows: int) -> tuple[Float32, Float32] | None:
        """Of the first `rows` rows of the table, (N, q), and of each other wording, (V, N, q)."""
        return together(self.vocabulary[: rows - FIRST_ROW], self.vectors, self.others)

    def grown(self, trained: Trained, size: int, counts: Int64) -> Trained:
        """With rows up to `size`: where the text predicts one, that; noise elsewhere."""
        model, optimizer = trained
        had, device = len(model.table), model.table.device
        items = self.vocabulary[had - FIRST_ROW : size - FIRST_ROW]
        rows: Float32 = (torch.randn(size - had, model.encoder.shape.width) * SPREAD).numpy()
        table = model.unit().detach().cpu().numpy()[FIRST_ROW:]
        known = self.vocabulary[: had - FIRST_ROW]
        found = text_map.fit(known, table, counts[FIRST_ROW:had], self.vectors)
        if found is not None and items:
            rows = text_map.first_rows(items, self.vectors, found, rows)
        model, optimizer = weights.grown(model, optimizer, torch.from_numpy(rows).to(device))
        optimizer.to(device)
        return model.to(device), optimizer

    def missing(self, size: int) -> Bool:
        """Rows without text, (size,)."""
        found = np.ones(size, np.bool_)
        for row, item in enumerate(self.vocabulary[: size - FIRST_ROW], FIRST_ROW):
            found[row] = item not in self.vectors
        return found


NO_TEXTS = Texts([], {})


class Neural:
    """The sequence model by some plan, trained on each fold from where the one before left it.

        train      on what is known; the epoch that validates best stays
        finish     on what validated, where that may be learned from

    Both are by half made of events that are new since the fold before, and of old ones.
    """

    def __init__(
        self, name: str, plan: Plan | None, time_s: Callable[[], float], place: torch.device,
        seed: int, say: Say, texts: Texts | None = None,
        clock: Callable[[], float] = time.monotonic, traits: torch.Tensor | None = None,
    ) -> None:  # fmt: skip
        """`time_s` tells how long the next fold may take, by `clock`; `traits` (U, t) are users'.

        Without a `plan` it is the one for the kind of data that the first fold is.
        """
        self._texts, self._traits = texts or NO_TEXTS, traits
        self.name, self._plan, self._time_s = name, plan, time_s
        self._device, self._seed, self._say, self._clock = place, seed, say, clock
        self.progress: list[Progress] = []  # of training on each fold, without `finish`
        self._trained: Trained | None = None
        self._learned: Bool | None = None
        self._known: Score | None = None
        self._score: Score | None = None

    def fit(self, fold: Fold) -> None:
        budget_s = self._time_s()
        plan = self._plan = self._plan or plan_for(fold.source, fold.known, budget_s)
        more = bool((fold.before & ~fold.known).any())
        end_s = self._clock() + budget_s
        test_s = self._train(fold, plan, end_s - more * FINISH_SHARE * budget_s)
        served = self._served(fold, fold.known)
        lift = best(LIFTS, served, fold) if self._texts.vectors else 1.0
        known = served(lift)
        again = weigh(fold, known)
        self._known = self._score = lifted(known, fold.source, again)
        if more:
            self._finish(fold, plan, end_s - test_s)
            learned = self._served(fold, fold.before)(lift)
            self._score = lifted(learned, fold.source, again)

    def score(self, part: Targets) -> Scores:
        """Log-odds but for a constant, and what was had weighed where it may come again; −inf for
        what the model knows nothing of."""
        assert self._score is not None, "fit comes first"
        return self._score(part)

    def score_known(self, part: Targets) -> Scores:
        """The same of the model that has not learned from what validates."""
        assert self._known is not None, "fit comes first"
        return self._known(part)

    def _train(self, fold: Fold, plan: Plan, end_s: float) -> float:
        """Returns how long the test will take."""
        first = self._trained is None
        model, optimizer = self._grown(fold, fold.known, plan)
        rows = len(model.table)
        found = self._texts.white(rows) if rows <= plan.recipe.full_softmax else None
        text, others = (None, None) if found is None else found
        optimizer = weights.with_texts(model, optimizer, text, fresh=first)
        before = None if self._trained is None else self._trained[0]
        terms = plan.recipe.terms
        optimizer = weights.with_terms(model, optimizer, terms, text, before, self._traits)
        judge = _Judge(model, fold)
        progress = train(
            model, optimizer, self._log(fold, fold.known, plan), plan.recipe,
            plan.recipe.rate if first else plan.recipe.warm_rate, judge.reached,
            lambda: self._clock() >= end_s - judge.test_s, self._told(fold), self._seed,
            end_s - self._clock(), None if others is None else torch.from_numpy(others),
        )  # fmt: skip
        weights.settled(model, optimizer)
        self.progress.append(progress)
        self._trained, self._learned = (model, optimizer), fold.known
        return judge.test_s

    def _finish(self, fold: Fold, plan: Plan, end_s: float) -> None:
        model, optimizer = self._grown(fold, fold.before, plan)
        train(
            model, optimizer, self._log(fold, fold.before, plan),
            replace(plan.recipe, epochs=FINISH), plan.recipe.warm_rate, _Rising(),
            lambda: self._clock() >= end_s, self._told(fold), self._seed, end_s - self._clock(),
        )  # fmt: skip
        self._trained, self._learned = (model, optimizer), fold.before

    def _grown(self, fold: Fold, events: Bool, plan: Plan) -> Trained:
        """The model so far with rows for the items that are new, or one that knows nothing."""
        # What is not learned from is no negative either: items come in order of arrival.
        rows = 1 + int(fold.source.rows[events].max())
        log = Log(fold.source, events, events)
        if self._trained is None:
            model = SequenceModel(plan.shape, rows)
            if plan.placed:
                company.place(model, log, FIRST_ROW)
            model.to(self._device)
            return model, AdamW(model)
        had = len(self._trained[0].table)
        counts = np.bincount(fold.source.rows[self._learned], minlength=rows)
        grown = self._texts.grown(self._trained, max(rows, had), counts)
        if plan.placed:
            company.place(grown[0], log, had)
        return grown

    def _log(self, fold: Fold, events: Bool, plan: Plan) -> Log:
        """What is asked; where nobody wants the same again, it is not asked for either."""
        source = fold.source
        asked = events if fold.repeats else events & ~source.repeats(plan.shape.history)
        if self._learned is not None:
            asked = asked & self._mixed(fold, events, plan)
        return Log(source, events, asked)

    def _mixed(self, fold: Fold, events: Bool, plan: Plan) -> Bool:
        """New events, and all old ones of as many users as make so many as `replay` says."""
        assert self._learned is not None
        new, old = events & ~self._learned, events & self._learned
        share = plan.replay * new.sum() / max(1, old.sum())
        rng = np.random.default_rng((self._seed, int(events.sum())))
        drawn = rng.random(len(fold.source.starts) - 1)
        again: Bool = old & (drawn < share)[fold.source.owners()]
        return new | again

    def _served(self, fold: Fold, events: Bool) -> Callable[[float], Score]:
        """With rows for all that may be shown; asked for with a lift of `LIFTS`."""
        assert self._trained is not None
        counts = np.bincount(fold.source.rows[events], minlength=fold.size)[: fold.size]
        model, _ = self._texts.grown(self._trained, fold.size, counts)
        return partial(_scores, model, fold, events, self._texts)

    def _told(self, fold: Fold) -> Callable[[int, int, float], None]:
        stage = f"trains {fold.name}".strip()
        return lambda step, steps, _: self._say(self.name, stage, step, steps)


class _Judge:
    """NDCG@10 on the validation targets, and from that how long the test will take."""

    def __init__(self, model: SequenceModel, fold: Fold) -> None:
        self._model, self._fold = model, fold
        self._rising = _Rising()
        self.test_s = 0.0

    def reached(self) -> float:
        fold, began_s = self._fold, time.monotonic()
        if not len(fold.validation):
            return self._rising()
        score = _scores(self._model, fold, fold.known, NO_TEXTS, 1.0)
        ranked = rank(score, fold.source, fold.validation, fold.size)
        # One more validation comes before the test.
        share = 1 + len(fold.test) / len(fold.validation)
        self.test_s = (time.monotonic() - began_s) * share
        found = main_places(fold, ranked)
        return float(ndcg(found).mean()) if len(found) else 0.0


class _Rising:
    """For where there is nothing to choose by: the last epoch it is."""

    def __init__(self) -> None:
        self._asked = 0

    def __call__(self) -> float:
        self._asked += 1
        return float(self._asked)


def _scores(model: SequenceModel, fold: Fold, events: Bool, texts: Texts, lift: float) -> Score:
    """Of the rows that `events` have or that have a text; of others the model knows nothing."""
    score, heat = scorer(model, fold.source), model.encoder.shape.temperature
    learned = np.bincount(fold.source.rows[events], minlength=fold.size)[: fold.size] > 0
    missing = texts.missing(fold.size)
    strange, cold = np.flatnonzero(~learned & missing), np.flatnonzero(~learned & ~missing)

    def known(part: Targets) -> Scores:
        cosines = score(part)
        scores = np.full((len(part), fold.size), -np.inf, np.float32)
        np.divide(cosines, heat, out=scores[:, : cosines.shape[1]])
        scores[:, cold] *= lift
        scores[:, strange] = -np.inf
        return scores

    return known
