"""The sequence model as a contender of an evaluation (`recaug.evaluation`), text included."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch

from models import text_map, weights
from models.adam import AdamW
from models.batches import Bool, Log
from models.recipes import recipe_for
from models.sequence import SPREAD, SequenceModel, Shape
from models.text_rows import Float32, whitened
from models.train import Recipe, scorer, train
from recaug.batch import FIRST_ROW, Int64
from recaug.evaluation import Score, Scores, Targets, ndcg
from recaug.evaluation.contenders import main_places
from recaug.evaluation.ranking import rank
from recaug.evaluation.run import Say
from recaug.evaluation.splits import Fold


@dataclass(frozen=True, slots=True)
class Texts:
    """What items say of themselves: item `vocabulary[i]` has row i + 2."""

    vocabulary: list[str]
    vectors: dict[str, Float32]

    def white(self, rows: int) -> Float32 | None:
        """Of the first `rows` rows of the table."""
        return whitened(self.vocabulary[: rows - FIRST_ROW], self.vectors)

    def cold(self, model: SequenceModel, size: int, counts: Int64) -> SequenceModel:
        """The model with rows up to `size`: where text predicts one, that; noise elsewhere."""
        had, device = len(model.table), model.table.device
        items = self.vocabulary[had - FIRST_ROW : size - FIRST_ROW]
        noise: Float32 = (torch.randn(len(items), model.encoder.shape.width) * SPREAD).numpy()
        table = model.unit().detach().cpu().numpy()[FIRST_ROW:]
        known = self.vocabulary[: had - FIRST_ROW]
        found = text_map.fit(known, table, counts[FIRST_ROW:had], self.vectors)
        if found is not None:
            noise = text_map.first_rows(items, self.vectors, found, noise)
        larger, _ = weights.grown(model, AdamW(model), torch.from_numpy(noise).to(device), 0.0)
        return larger.to(device)

    def missing(self, size: int) -> Bool:
        """Rows without text, (size,)."""
        found = np.ones(size, np.bool_)
        for row, item in enumerate(self.vocabulary[: size - FIRST_ROW], FIRST_ROW):
            found[row] = item not in self.vectors
        return found


NO_TEXTS = Texts([], {})


class Neural:
    """The sequence model by some recipe, trained on each fold from where the one before left it.

    The epoch that validates best is the one tested; validation events are then in the histories.
    """

    def __init__(
        self, name: str, recipe: Recipe | None, time_s: Callable[[], float], folds: int,
        place: torch.device, seed: int, say: Say, texts: Texts | None = None,
    ) -> None:  # fmt: skip
        """`time_s` tells how long all that is left of `folds` may take.

        Without a `recipe` it is the one for the kind of data that the first fold is.
        """
        self._texts = texts or NO_TEXTS
        self.name, self._recipe, self._time_s, self._left = name, recipe, time_s, folds
        self._device, self._seed, self._say = place, seed, say
        self._trained: tuple[SequenceModel, AdamW] | None = None
        self._score: Score | None = None

    def fit(self, fold: Fold) -> None:
        first = self._trained is None
        recipe = self._recipe = self._recipe or recipe_for(fold.source, fold.known)
        end_s = time.monotonic() + self._time_s() / self._left
        self._left -= 1
        # What is not learned from is no negative either: items come in order of arrival.
        rows = 1 + int(fold.source.rows[fold.known].max())
        model, optimizer = self._grown(rows, recipe)
        text = self._texts.white(rows) if rows <= recipe.full_softmax else None
        optimizer = weights.with_texts(model, optimizer, text, fresh=first)
        judge = _Judge(model, fold)
        train(
            model, optimizer, _log(fold, model.encoder.shape.history), recipe,
            recipe.rate if first else recipe.warm_rate, judge.reached,
            lambda: time.monotonic() >= end_s - judge.test_s,
            lambda step, steps, _: self._say(self.name, f"trains {fold.name}".strip(), step, steps),
            self._seed,
        )  # fmt: skip
        weights.settled(model, optimizer)
        self._trained = model, optimizer
        self._score = _scorer(self._texts.cold(model, fold.size, fold.counts), fold, self._texts)

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
        ranked = rank(_scorer(self._model, fold, NO_TEXTS), fold.source, fold.validation, fold.size)
        # One more validation comes before the test.
        share = 1 + len(fold.test) / len(fold.validation)
        self.test_s = (time.monotonic() - began_s) * share
        found = main_places(fold, ranked)
        return float(ndcg(found).mean()) if len(found) else 0.0


def _log(fold: Fold, length: int) -> Log:
    """What may be learned; where nobody wants the same again, it is not asked for either."""
    asked = fold.known if fold.repeats else fold.known & ~fold.source.repeats(length)
    return Log(fold.source, fold.known, asked)


def _scorer(model: SequenceModel, fold: Fold, texts: Texts) -> Score:
    """Scores of the rows that were trained or have a text; of others the model knows nothing."""
    score = scorer(model, fold.source)
    trained = np.bincount(fold.source.rows[fold.known], minlength=fold.size)[: fold.size] > 0
    strange = ~trained & texts.missing(fold.size)
    beyond = fold.size - len(model.table)

    def known(part: Targets) -> Scores:
        return np.where(strange, -np.inf, np.pad(score(part), ((0, 0), (0, beyond))))

    return known
