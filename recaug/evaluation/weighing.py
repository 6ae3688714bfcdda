"""How much neighbours and popularity are worth beside a model: what ranks validation targets best.

    choose        the weights

A place among the ten best needs no list of everything: whatever the weights, the ten best are among
the rows that neighbours or popularity speak for, the model's ten best new ones and its ten best of
all others. So these alone are compared, once for all choices.

Shapes: b targets, N rows, M of them compared, R reaches.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from recaug.batch import FIRST_ROW, PAD_ROW, Int64
from recaug.evaluation.baselines.sessionknn import spread
from recaug.evaluation.metrics import TOP, Float64, ndcg
from recaug.evaluation.others import Others, finite
from recaug.evaluation.ranking import Score, Scores
from recaug.evaluation.splits import Fold
from recaug.evaluation.targets import Bool, Targets
from recaug.fusion import CHOICES, NEW, Fusion, evidence
from recaug.session_knn import REACHES

#: Scores that weights are chosen by, most; of so many targets as this leaves.
WEIGHED = 200_000_000


def choose(fold: Fold, model: Score, others: Others) -> Fusion:
    """The weights that rank the validation targets best; `others` have not learned from them."""
    wanted = fold.validation.thinned(max(1, WEIGHED // fold.size))
    if not len(wanted):
        return Fusion.alone()

    def each(part: Targets) -> Iterator[Float64]:
        reaches: list[Scores] = [np.full(len(part), reach) for reach in REACHES]
        lists = _compared(fold, part, model(part), others, reaches)
        for one in CHOICES:
            votes = lists.votes[REACHES.index(one.reach)]
            yield lists.gain(lists.own + one.sessions * votes + one.popularity * lists.liked)

    fusion = Fusion.choose(_lengths(wanted), _gains(fold, wanted, each))
    return _with_new(fold, wanted, model, others, fusion) if fold.arriving else fusion


def _with_new(fold: Fold, wanted: Targets, model: Score, others: Others, fusion: Fusion) -> Fusion:
    # What a model knows does not go by the target, so one of them tells.
    new = others.new(model(wanted.part(slice(1))))
    of_new = np.append(new, False)[np.minimum(wanted.rows, len(new))]
    if not of_new.any():
        return fusion

    def each(part: Targets) -> Iterator[Float64]:
        lengths = _lengths(part)
        lists = _compared(fold, part, model(part), others, [fusion.reach(lengths)])
        known = fusion.scores(lists.own, lists.votes[0], lists.liked, lists.new, lengths)
        yield from (lists.gain(known + lift * lists.new) for lift in NEW)

    return fusion.with_new(_gains(fold, wanted, each), of_new)


def _gains(fold: Fold, wanted: Targets, each: Callable[[Targets], Iterator[Float64]]) -> Float64:
    """NDCG@10 of each target under each choice, (T, C)."""
    # Beside the model's scores there are as many of the neighbours, for a moment.
    parts = wanted.blocks(2 * fold.size)
    return np.concatenate([np.stack(list(each(part)), axis=1) for part in parts])


@dataclass(frozen=True, slots=True)
class _Compared:
    """The rows that a target's place is found among, each once; −inf is never shown."""

    target: Bool  # (b, M) whether it is the target
    before: Bool  # (b, M) whether it goes before the target where both are equal
    own: Scores  # (b, M) the model's score
    votes: Float64  # (R, b, M) evidence of neighbours, by reach
    liked: Scores  # (b, M) of popularity
    new: Bool  # (b, M) whether nobody has touched it yet

    def gain(self, scores: Scores) -> Float64:
        """NDCG@10 of each target under these `scores` (b, M), (b,)."""
        own = np.where(self.target, scores, -np.inf).max(1, keepdims=True)
        ahead = (scores > own) | ((scores == own) & self.before)
        places = np.count_nonzero(ahead, axis=1)
        return np.where(np.isfinite(own[:, 0]), ndcg(places), 0.0)


def _compared(
    fold: Fold, part: Targets, model: Scores, others: Others, reaches: Sequence[Scores]
) -> _Compared:
    """By the `model`'s scores (b, N), and what neighbours say by each of the `reaches` (b,)."""
    new, own = others.new(model), finite(model)
    _hide(fold, part, own)
    named = [others.named(part, reach) for reach in reaches]
    liked = others.liked(own.shape[1])
    rows = _candidates(own, [rows for rows, _ in named], liked, new)
    target = np.where(part.rows < own.shape[1], part.rows, PAD_ROW)[:, None]
    votes = [
        np.take_along_axis(spread(names, evidence(said), own.shape[1]), rows, axis=1)
        for names, said in named
    ]
    return _Compared(
        rows == target, rows < target, np.take_along_axis(own, rows, axis=1), np.array(votes),
        liked[rows], new[rows],
    )  # fmt: skip


def _candidates(own: Scores, named: Sequence[Int64], liked: Scores, new: Bool) -> Int64:
    """Rows that others speak for, the ten best new ones, and the ten best of the rest, (b, M).

    `PAD_ROW` stands in where a row is there already.
    """
    favourites = np.tile(np.flatnonzero(liked), (len(own), 1))
    spoken = np.sort(np.concatenate([*named, favourites], axis=1), axis=1)
    spoken[:, 1:][spoken[:, 1:] == spoken[:, :-1]] = PAD_ROW
    rest = own.copy()
    np.put_along_axis(rest, spoken, -np.inf, axis=1)
    arrived = np.flatnonzero(new)
    newest = arrived[_best(rest[:, arrived])]
    rest[:, arrived] = -np.inf
    return np.concatenate([spoken, newest, _best(rest)], axis=1)


def _best(scores: Scores) -> Int64:
    """Places of the ten best of each line, in any order; of equals any."""
    size = scores.shape[1]
    if size <= TOP:
        return np.broadcast_to(np.arange(size), scores.shape)
    return np.argpartition(scores, size - TOP, axis=1)[:, size - TOP :]


def _hide(fold: Fold, part: Targets, own: Scores) -> None:
    """What is never shown: padding, and where nothing is repeated what the user has had."""
    own[:, :FIRST_ROW] = -np.inf
    if not fold.repeats:
        for line, at, start in zip(own, part.at, part.starts, strict=True):
            seen = fold.source.rows[start:at]
            line[seen[seen < len(line)]] = -np.inf


def _lengths(part: Targets) -> Int64:
    return part.at - part.starts
