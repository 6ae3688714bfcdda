"""`recaug augment report`, the part that needs torch: each augmenter alone against none at all.

Every run has the same processor time, its validations and its generator included, so what doubles
a step must beat twice the epochs.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from models.augment.wording import BackTranslation, Seq2Seq
from models.contender import Texts
from models.device import choose
from models.evaluation import vectors
from models.recipes import plan_for
from models.text_rows import Float32
from models.train import Recipe
from models.trial import Run, Trial
from recaug.augment.lift import SHORT, lift
from recaug.augment.mix import NOTHING, Mix
from recaug.augment.registry import AUGMENTERS, Place
from recaug.augment.wordbook import Say as Reword
from recaug.augment.wordbook import Wordbook
from recaug.augment.words import reworded
from recaug.errors import Failure
from recaug.evaluation.dataset import DataSet, read
from recaug.evaluation.run import Say
from recaug.evaluation.splits import split
from recaug.settings import Settings

DECIDES = "ndcg@10"
#: The runs that all others are compared with; the mix that the recipe has anyway; and what is lost
#: without the one augmentation that all others have too.
WITHOUT, AS_IT_IS, UNDROPPED = "none", "recipe", "no dropout"
#: Processor time of a run, least: less would not tell anything.
LEAST_S = 1.0


@dataclass(frozen=True, slots=True)
class Terms:
    """What `recaug augment report` was asked for."""

    data: Path
    split: str  # of `SPLITS`; empty: what fits the data
    budget_s: float  # for everything
    device: str
    seeds: int
    only: tuple[str, ...]  # empty: all that can be tried on the data
    paraphrase: str  # name of a model; empty: none
    back_translation: tuple[str, ...]  # names of two; empty: none


Figures = dict[str, Any]


def report(terms: Terms, began_s: float, say: Say, tell: Callable[[str], None]) -> Figures:
    """Figures of every augmenter, as `--json` writes them; `began_s` is by `time.monotonic`.

    Raises Failure where the data cannot be read or split, or what is asked for cannot be tried.
    """
    torch.set_num_threads(1)  # processor time is what is compared
    place = choose(terms.device)
    data = read(terms.data, lambda count: say("read", "events", count, 0))
    arms = _arms(terms, data)
    divided = split(data, terms.split)
    first = divided.folds[0]
    plan = plan_for(first.source, first.known, terms.budget_s / (len(arms) * terms.seeds))
    texts = Texts(divided.vocabulary, vectors(data, say))
    others = {name: _others(name, terms, data, say) for name in arms}
    recipes = _recipes(arms, plan.recipe, alone=bool(terms.only))
    each_s = _each_s(terms, began_s, len(recipes))
    tell(f"{terms.data.name}: {data.note}; {len(recipes)} × {terms.seeds} runs of {each_s:.0f} s")
    trial = Trial(divided, plan, place, each_s, say, len(recipes) * terms.seeds)
    found: dict[str, list[Run]] = {name: [] for name in recipes}
    for seed in range(terms.seeds):
        for name, recipe in recipes.items():
            worded = replace(texts, others=others.get(name, ()))
            found[name].append(trial.run(name, recipe, seed, worded))
    figures = {n: _figures(runs, found, recipes[n].mix, trial) for n, runs in found.items()}
    return {
        "data": str(terms.data), "split": divided.name, "filtered": divided.filtered,
        "seconds": round(time.monotonic() - began_s, 3), "each_s": round(each_s, 3),
        "seeds": terms.seeds, "none": figures.pop(WITHOUT), "augmenters": figures,
    }  # fmt: skip


def _figures(
    runs: Sequence[Run], found: Mapping[str, Sequence[Run]], mix: Mix, trial: Trial
) -> Figures:
    figures: Figures = {
        "mix": mix.plain(),
        DECIDES: _mean(run.values.mean() for run in runs),
        "hr@10": _mean(run.hits.mean() for run in runs),
        "cpu_s": _mean(run.cpu_s for run in runs),
        "learned": sum(run.learned for run in runs),
        "finished": sum(run.finished for run in runs),
    }
    if runs is found[WITHOUT]:
        return figures
    own, other = ([run.values for run in some] for some in (runs, found[WITHOUT]))
    figures |= lift(own, other, trial.users)
    if not all(run.learned for run in (*runs, *found[WITHOUT])):
        figures["verdict"] = SHORT
    return figures


def _mean(values: Iterable[float]) -> float:
    return round(float(np.mean(list(values))), 6)


def _each_s(terms: Terms, began_s: float, mixes: int) -> float:
    left_s = terms.budget_s - (time.monotonic() - began_s)
    return max(LEAST_S, left_s / (mixes * terms.seeds))


def _arms(terms: Terms, data: DataSet) -> list[str]:
    """Augmenters that can be tried. Raises Failure where one was named that cannot."""
    missing = {}
    if not terms.paraphrase:
        missing["paraphrase"] = "it takes a model: --paraphrase NAME"
    if not terms.back_translation:
        missing["back_translation"] = "it takes two models: --back-translation THERE,BACK"
    if not data.texts:
        worded = (name for name, one in AUGMENTERS.items() if one.place is Place.TEXT)
        missing |= dict.fromkeys(worded, "the data says nothing of its items")
    for name in terms.only:
        if name in missing:
            raise Failure(f"{name} cannot be tried", missing[name], "leave it out of --only")
    return [name for name in terms.only or AUGMENTERS if name not in missing]


def _recipes(arms: Sequence[str], recipe: Recipe, alone: bool) -> dict[str, Recipe]:
    """With nothing, and with each alone at the share that one tries first.

    Unless they are to be `alone`, also with what the recipe has, and with no dropout.
    """
    bare = replace(recipe, mix=NOTHING)
    found = {WITHOUT: bare}
    if not alone:
        found |= {AS_IT_IS: recipe} if recipe != bare else {}
        found |= {UNDROPPED: replace(bare, dropout=0.0, stray=0.0)}
    mixes = {name: Mix.of({name: AUGMENTERS[name].share}) for name in arms}
    return found | {name: replace(bare, mix=mix) for name, mix in mixes.items()}


def _others(name: str, terms: Terms, data: DataSet, say: Say) -> tuple[dict[str, Float32], ...]:
    """Vectors of the texts in other words, by item id."""
    if AUGMENTERS[name].place is not Place.TEXT:
        return ()
    texts = list(data.texts.values())
    if name == "words":
        said = [reworded(text, 0) for text in texts]
    else:
        how, models = _models(name, terms)
        book = Wordbook(Settings().cache / "wordings.json")
        say("text", name, 0, len(texts))
        said = book.find(texts, how, models)
    worded = replace(data, texts=dict(zip(data.texts, said, strict=True)))
    return (vectors(worded, say),)


def _models(name: str, terms: Terms) -> tuple[str, Callable[[], Reword]]:
    """What a wording is filed under, and the models that find it."""
    if name == "paraphrase":
        return f"{name} {terms.paraphrase}", lambda: Seq2Seq(terms.paraphrase)
    there, back = terms.back_translation
    return f"{name} {there} {back}", lambda: BackTranslation(there, back)
