"""One list from three scorers: the sequence model, session neighbours, recent popularity.

    score = cosine / temperature + a · ln(1 + votes / ε) + p · ln(1 + share / ε) + n · new

A log-linear pool: the model's part is a log-probability but for a constant, and so are logarithms
of the share of neighbours' votes and of the share of recent events. Both are 0 for an item that
nobody voted for and that is no favourite, so to rank exactly it is enough to look at those that
are, and at the best of the model. An item that has had no event yet can have neither, which says
nothing against it: `n` makes up for that, or a list would never show what is new. How much votes
and popularity are worth depends on how much a user has done, so their weights go by length of
history, and so does how far back neighbours look; all are chosen on events that no scorer has
learned from.

    Fusion        alone · choose · with_new · scores · of · plain · read · of_bundle
    evidence, favour    votes and counts as logarithms
    bucket, best_by_length    what goes by length of history
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import product
from typing import Annotated

import numpy as np
import numpy.typing as npt
from pydantic import AfterValidator, Field, TypeAdapter

from recaug.bundle import Bundle
from recaug.session_knn import REACH, REACHES

Floats = npt.NDArray[np.floating]
Int64 = npt.NDArray[np.int64]
Bool = npt.NDArray[np.bool_]

#: A bundle's file of weights.
FILE = "fusion.json"

#: The share at which votes begin to count.
LEAST_SHARE = 1e-4
#: Favourites: the most popular items, whose popularity counts by how far it is above all others'.
FAVOURITES = 100
#: Lengths of history at which other weights begin.
BUCKETS = (0, 1, 2, 3, 6, 21)


@dataclass(frozen=True, slots=True)
class Weights:
    """What a factor e of votes or of popularity is worth, in units of the model's log-odds."""

    sessions: float
    popularity: float
    new: float = 0.0  # added to an item that has had no event
    reach: float = REACH  # of neighbours, see `recaug.session_knn`


#: What is chosen from; the first is the model alone.
CHOICES = tuple(
    Weights(sessions, popularity, reach=reach)
    for reach, sessions, popularity in product(
        REACHES, (0.0, 0.25, 0.5, 1.0, 2.0, 4.0), (0.0, 0.1, 0.3, 1.0)
    )
    if sessions or reach == REACH
)
#: What is chosen from, then, for items without an event.
NEW = (0.0, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 6.0)
#: Part of their worth that lists may lose for the sake of new items: those that are never shown
#: are never learned.
COST = 0.05
#: Targets that the average of all buckets counts in each of them: few targets choose badly.
SHRINKAGE = 1_000


def evidence(votes: Floats) -> Floats:
    """ln(1 + share / ε) of each item's share of non-negative `votes` (…, N); zeros for no votes."""
    total = votes.sum(-1, keepdims=True)
    shares = votes / (np.where(total > 0, total, 1.0) * LEAST_SHARE)
    # Most items have no vote, and a logarithm is slow.
    found: Floats = np.log1p(shares, out=np.zeros_like(shares), where=shares > 0)
    return found


def bucket(lengths: Int64) -> Int64:
    """Which of `BUCKETS` each of the `lengths` (T,) is in, (T,)."""
    return np.searchsorted(np.array(BUCKETS), lengths, side="right").astype(np.int64) - 1


def best_by_length(lengths: Int64, gains: Floats) -> Int64:
    """Which of C choices does best for each bucket, drawn towards what is best for all, (B,).

    lengths (T,) of the histories, gains (T, C). Between equals it is the earlier choice.
    """
    of, overall = bucket(lengths), gains.mean(0)
    sums = [gains[of == n].sum(0) + SHRINKAGE * overall for n in range(len(BUCKETS))]
    found: Int64 = np.array(sums).argmax(axis=1)
    return found


def favour(counts: Floats) -> Floats:
    """ln of each favourite's 1 + share / ε over that of the best other item; `counts` (N,) → (N,).

    The shares are of what the favourites have. 0 for everything else, and nothing jumps where an
    item becomes a favourite.
    """
    most = np.sort(counts)[::-1]
    total = most[:FAVOURITES].sum()
    if not total > 0:
        return np.zeros(len(counts))
    border = most[FAVOURITES] / total if len(most) > FAVOURITES else 0.0
    found: Floats = np.log1p(counts / total / LEAST_SHARE) - np.log1p(border / LEAST_SHARE)
    return np.maximum(0.0, found)


#: A reach that no list can tell from none.
_SHORTEST = 0.1

_Weight = Annotated[float, Field(ge=0.0, le=100.0)]


def _reaching(row: list[float]) -> list[float]:
    if len(row) > 3 and row[3] < _SHORTEST:
        raise ValueError(f"a reach is at least {_SHORTEST} clicks")
    return row


# Two in bundles from before new items had a weight, three from before neighbours had a reach.
_Weights = Annotated[list[_Weight], Field(min_length=2, max_length=4), AfterValidator(_reaching)]
_Plain: TypeAdapter[list[list[float]]] = TypeAdapter(
    Annotated[list[_Weights], Field(min_length=len(BUCKETS), max_length=len(BUCKETS))]
)


@dataclass(frozen=True, slots=True)
class Fusion:
    """Weights by length of history, one for each of `BUCKETS`."""

    weights: tuple[Weights, ...]

    @classmethod
    def read(cls, data: bytes) -> Fusion:
        """What `plain` gave, as JSON. Raises ValueError."""
        return cls(tuple(Weights(*some) for some in _Plain.validate_json(data)))

    @classmethod
    def of_bundle(cls, bundle: Bundle) -> Fusion:
        """What a bundle says; the model alone where it says nothing. Raises ValueError."""
        return cls.read(bundle.read(FILE)) if bundle.has(FILE) else cls.alone()

    def plain(self) -> list[list[float]]:
        """[sessions, popularity, new, reach], one for each of `BUCKETS`."""
        return [[one.sessions, one.popularity, one.new, one.reach] for one in self.weights]

    def of(self, length: int) -> Weights:
        """The weights for a history of `length` events."""
        return self.weights[bisect_right(BUCKETS, length) - 1]

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
        return cls(tuple(CHOICES[n] for n in best_by_length(lengths, gains).tolist()))

    def with_new(self, gains: Floats, of_new: Bool) -> Fusion:
        """The same weights, and the most of `NEW` that new items can have at a fair price.

        gains (T, len(NEW)) of each target under each; `of_new` (T,) targets that are new items. The
        price is `COST`, and they have to gain by it.
        """
        if not of_new.any():
            return self
        total, theirs = gains.mean(0), gains[of_new].mean(0)
        fair = (total >= (1 - COST) * total.max()) & (theirs > theirs[0])
        chosen = NEW[int(np.flatnonzero(fair)[-1])] if fair.any() else 0.0
        return Fusion(tuple(replace(one, new=chosen) for one in self.weights))

    def reach(self, lengths: Int64) -> Floats:
        """Of neighbours, for histories of `lengths` (b,), (b,)."""
        return _column(self.weights[n].reach for n in bucket(lengths).tolist())[:, 0]

    def scores(
        self, model: Floats, sessions: Floats, popularity: Floats, new: Bool, lengths: Int64
    ) -> Floats:
        """Model scores (b, N), evidence (b, N) and (N,), items without an event (N,), lengths of
        history (b,) → (b, N)."""
        of = [self.weights[n] for n in bucket(lengths).tolist()]
        a, p = _column(one.sessions for one in of), _column(one.popularity for one in of)
        fused: Floats = model + a * sessions + p * popularity + _column(one.new for one in of) * new
        return fused


def _column(values: Iterable[float]) -> Floats:
    return np.fromiter(values, np.float64)[:, None]
