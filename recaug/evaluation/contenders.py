"""What is evaluated: something that learns from the past of a fold and scores its targets."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Protocol, TypeVar

from recaug.batch import Int64
from recaug.evaluation.metrics import ndcg
from recaug.evaluation.ranking import Ranked, Score, Scores, rank
from recaug.evaluation.splits import Fold
from recaug.evaluation.targets import Targets

T = TypeVar("T")


class Contender(Protocol):
    """Folds come oldest first; what was learned of one may be kept for the next.

    Settings are chosen by `fold.validation` alone. Nothing but the events in `fold.before` and a
    target's own history may be looked at.
    """

    @property
    def name(self) -> str: ...

    def fit(self, fold: Fold) -> None:
        """Learn what `fold` allows."""

    def score(self, part: Targets) -> Scores:
        """Scores for targets of the fold fitted last, (b, `fold.size`); −inf is never shown."""


def main_places(fold: Fold, ranked: Ranked) -> Int64:
    """Of the two places of each target the one that is judged by."""
    return ranked.places if fold.repeats else ranked.unseen[~ranked.repeated]


def best(choices: Iterable[T], make: Callable[[T], Score], fold: Fold) -> T:
    """The choice whose scores have the highest NDCG@10 on the validation targets."""

    def reached(choice: T) -> float:
        ranked = rank(make(choice), fold.source, fold.validation, fold.size)
        return float(ndcg(main_places(fold, ranked)).sum())

    return max(choices, key=reached)
