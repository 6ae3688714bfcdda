"""One list from three scorers: the sequence model, session neighbours, recent popularity.

    score = cosine / temperature + a · ln(1 + votes / ε) + p · ln(1 + share / ε)

A log-linear pool: the model's part is a log-probability but for a constant, and so are logarithms
of the share of neighbours' votes and of the share of recent events. Both are 0 for an item that
nobody voted for, so only those that some scorer knows need be looked at. How much each of them is
worth depends on how much a user has done, so the weights go by length of history; they are chosen
on events that no scorer has learned from.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import product

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.floating]
Int64 = npt.NDArray[np.int64]

#: The share at which votes begin to count.
LEAST_SHARE = 1e-4
#: Lengths of history at which other weights begin.
BUCKETS = (0, 1, 2, 3, 6, 21)


@dataclass(frozen=True, slots=True)
class Weights:
    """What a factor e of votes or of popularity is worth, in units of the model's log-odds."""

    sessions: float
    popularity: float


#: What is chosen from; the first is the model alone.
CHOICES = tuple(Weights(*pair) for pair in product((0.0, 0.25, 0.5, 1.0, 2.0), (0.0, 0.1, 0.3)))
#: Targets that the average of all buckets counts in each of them: few targets choose badly.
SHRINKAGE = 200


def evidence(votes: Floats) -> Floats:
    """ln(1 + share / ε) of each item's share of non-negative `votes` (…, N); zeros for no votes."""
    total = votes.sum(-1, keepdims=True)
    found: Floats = np.log1p(votes / (np.where(total > 0, total, 1.0) * LEAST_SHARE))
    return found


@dataclass(frozen=True, slots=True)
class Fusion:
    """Weights by length of history, one for each of `BUCKETS`."""

    weights: tuple[Weights, ...]

    @classmethod
    def alone(cls) -> Fusion:
        """The model's scores as they are."""
        return cls((CHOICES[0],) * len(BUCKETS))

    @classmethod
    def choose(cls, lengths: Int64, gains: Floats) -> Fusion:
        """The choice that does best for each bucket, drawn towards what is best for all.

        lengths (T,) of the histories; gains (T, C) of each target under each of `CHOICES`. Between
        equals the earlier choice is taken.
        """
        if not len(lengths):
            return cls.alone()
        bucket, overall = _bucket(lengths), gains.mean(0)
        sums = [gains[bucket == n].sum(0) + SHRINKAGE * overall for n in range(len(BUCKETS))]
        return cls(tuple(CHOICES[int(np.argmax(of_one))] for of_one in sums))

    def scores(self, model: Floats, sessions: Floats, popularity: Floats, lengths: Int64) -> Floats:
        """Model scores (b, N), evidence (b, N) and (N,), lengths of history (b,) → (b, N)."""
        of = [self.weights[n] for n in _bucket(lengths).tolist()]
        a, p = _column(one.sessions for one in of), _column(one.popularity for one in of)
        fused: Floats = model + a * sessions + p * popularity
        return fused


def _bucket(lengths: Int64) -> Int64:
    return np.searchsorted(np.array(BUCKETS), lengths, side="right").astype(np.int64) - 1


def _column(values: Iterable[float]) -> Floats:
    return np.fromiter(values, np.float64)[:, None]
