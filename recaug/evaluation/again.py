"""Where what somebody has had may be what they want next: how far up it belongs.

How well an item fits and whether it comes again are two questions (RepeatNet: Ren et al., "A Repeat
Aware Neural Recommendation Machine for Session-Based Recommendation", AAAI 2019). Scorers are asked
the first; for the second the newest item, the one before it and older ones have a weight each, in
units of the score. Where lists leave out what was had, as in service, there is nothing to weigh.

    choose        the weights that validate best
    lifted        a score with them

Shapes: T targets, H items had, C choices.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from recaug.batch import FIRST_ROW, Int64, Sequences
from recaug.evaluation.metrics import Float64, ndcg
from recaug.evaluation.ranking import MISS, Score, Scores
from recaug.evaluation.splits import Fold
from recaug.evaluation.targets import Bool, Targets

#: Of the newest item, of the one before, of those before that.
Weights = tuple[float, ...]
NONE: Weights = (0.0, 0.0, 0.0)
#: What each is chosen from, one after the other, and how often all are gone through.
CHOICES = (-2.0, -1.0, 0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0)
ROUNDS = 2
#: Newest events that are looked at, and different items among them that are weighed.
SPAN, HAD = 50, 20
#: The weight of each of the items, newest first, by number.
_OF = np.minimum(np.arange(HAD), len(NONE) - 1)


def choose(fold: Fold, score: Score) -> Weights:
    """The weights under which `score` ranks the validation targets best; none without repeats."""
    if not (fold.repeats and len(fold.validation)):
        return NONE
    standing = _standing(fold, score)
    weights, best = NONE, standing.gain(NONE)
    for _ in range(ROUNDS):
        for place in range(len(NONE)):
            for weight in CHOICES:
                tried = (*weights[:place], weight, *weights[place + 1 :])
                if (gain := standing.gain(tried)) > best:
                    weights, best = tried, gain
    return weights


def lifted(score: Score, source: Sequences, weights: Weights) -> Score:
    """`score` with the weights of what was had added to it."""
    if weights == NONE:
        return score
    each = np.array(weights)[_OF]

    def scores(part: Targets) -> Scores:
        found = np.array(score(part), copy=True)
        for line, had in zip(found, _had(source, part, found.shape[1]), strict=True):
            line[had] += each[: len(had)]
        return found

    return scores


@dataclass(frozen=True, slots=True)
class _Standing:
    """All that the places of targets under any weights follow from."""

    own: Float64  # (T,) the target's score
    at: Int64  # (T,) its number among what was had, newest first; −1 where it is new
    had: Float64  # (T, H) scores of the other items had; −inf fills up
    lower: Bool  # (T, H) whether such an item goes before the target where both are equal
    ahead: Int64  # (T, C) items not had that are before the target under each choice for it

    def gain(self, weights: Weights) -> float:
        """Mean NDCG@10."""
        each = np.array(weights)[_OF]  # (H,)
        again = self.at >= 0
        mine = np.where(again, each[self.at], 0.0)  # (T,)
        own = self.own + mine
        ahead = self.ahead[np.arange(len(own)), np.searchsorted(CHOICES, mine)]
        had, own_ = self.had + each, own[:, None]
        places = ahead + np.count_nonzero((had > own_) | ((had == own_) & self.lower), axis=1)
        return float(ndcg(np.where(np.isfinite(self.own), places, MISS)).mean())


def _standing(fold: Fold, score: Score) -> _Standing:
    found = [
        _stands(line, int(row), had)
        for part in fold.validation.blocks(fold.size)
        for line, row, had in _lines(fold, score, part)
    ]
    return _Standing(*(np.array(part) for part in zip(*found, strict=True)))


def _lines(
    fold: Fold, score: Score, part: Targets
) -> Iterator[tuple[npt.NDArray[np.floating], int, list[int]]]:
    scores = np.array(score(part), copy=True)
    scores[:, :FIRST_ROW] = -np.inf
    yield from zip(scores, part.rows, _had(fold.source, part, scores.shape[1]), strict=True)


def _stands(
    line: npt.NDArray[np.floating], row: int, had: list[int]
) -> tuple[float, int, Float64, Bool, Int64]:
    """One line of a `_Standing`; a target that cannot be shown has the score −inf."""
    own = float(line[row]) if FIRST_ROW <= row < len(line) else -np.inf
    at = had.index(row) if row in had else -1
    theirs, lower = np.full(HAD, -np.inf), np.zeros(HAD, np.bool_)
    theirs[: len(had)], lower[: len(had)] = line[had], np.array(had) < row
    if at >= 0:
        theirs[at] = -np.inf
    line[had] = -np.inf
    above = np.array(CHOICES)[:, None] * (at >= 0) + own  # (C, 1)
    first = np.arange(len(line)) < row
    return own, at, theirs, lower, np.count_nonzero((line > above) | ((line == above) & first), 1)


def _had(source: Sequences, part: Targets, size: int) -> Iterator[list[int]]:
    """The rows of what each target's user has had, the newest first, each once."""
    for start, at in zip(part.starts.tolist(), part.at.tolist(), strict=True):
        rows = source.rows[max(start, at - SPAN) : at][::-1]
        able = rows[(rows >= FIRST_ROW) & (rows < size)]
        yield list(dict.fromkeys(able.tolist()))[:HAD]
