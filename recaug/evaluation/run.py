"""Let contenders learn and be tested, fold by fold, all on the same targets."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from recaug.evaluation.contenders import Contender
from recaug.evaluation.ranking import LISTS, Ranked, Scores, rank
from recaug.evaluation.splits import Fold, Split
from recaug.evaluation.targets import Targets

#: Called with (contender, stage, done, of how many).
Say = Callable[[str, str, int, int], None]


@dataclass(frozen=True, slots=True)
class Result:
    """What one contender reached, and how long it took to learn and to rank."""

    name: str
    seconds: float
    ranked: list[Ranked]  # of each fold


def run(contenders: Sequence[Contender], split: Split, say: Say) -> list[Result]:
    """Run the contenders through one fold after the other, in the order given.

    One may therefore build on what another has just learned of the same fold.
    """
    spent = [0.0] * len(contenders)
    ranked: list[list[Ranked]] = [[] for _ in contenders]
    for fold in split.folds:
        for number, contender in enumerate(contenders):
            began = time.monotonic()
            say(contender.name, f"learns {fold.name}".strip(), 0, 1)
            contender.fit(fold)
            ranked[number].append(_tested(contender, fold, say))
            spent[number] += time.monotonic() - began
    named = zip(contenders, spent, ranked, strict=True)
    return [Result(contender.name, seconds, of) for contender, seconds, of in named]


def _tested(contender: Contender, fold: Fold, say: Say) -> Ranked:
    done = 0

    def score(part: Targets) -> Scores:
        nonlocal done
        done += len(part)
        say(contender.name, f"ranks {fold.name}".strip(), done, len(fold.test))
        return contender.score(part)

    return rank(score, fold.source, fold.test, fold.size, lists=LISTS)
