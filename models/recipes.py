"""One plan for each kind of log, told apart by how much is known of a user and what comes again.

    ratings      long histories: ratings, listening, video; hundreds of events a user
    sessions     short ones in which the same comes again: visits to a shop
    purchases    short ones in which it does not: a handful a user, most items rare

Chosen on validation slices of MovieLens 100k, Diginetica and Amazon Beauty. A purchase says so
little that wide vectors and half of everything dropped out win; on long histories that only slows
learning, and the widest needs minutes. In half a minute the narrow plan of ratings learns nearly as
much of sessions and more of the rest: then it is taken for all (docs/learning.md, "Three plans").
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from models.batches import Bool
from models.sequence import Shape
from models.train import Recipe
from recaug.augment.mix import NOTHING
from recaug.batch import Sequences

#: Mean events of a user from which on histories are long.
LONG = 30
#: Share of events that the same user had before, from which on a log is of sessions.
AGAIN, WITHIN = 0.08, 50
#: Seconds of one core below which the narrow plan learns more than the wide ones.
QUICK_S = 45.0
#: And from which the widest vectors, and for ratings a second block, are worth their time.
AMPLE_S = 300.0
#: All of the catalogue is compared with up to so many items.
FULL = 50_000


@dataclass(frozen=True, slots=True)
class Plan:
    """What to train and how."""

    name: str
    shape: Shape
    recipe: Recipe
    replay: float = 1.0  # old events learned again for each that is new, from the second fold on
    placed: bool = True  # items begin among those they were seen with (`models.company`)


RATINGS = Plan("ratings", Shape(pooled=True), Recipe())
WIDE_RATINGS = Plan(
    "ratings", Shape(width=128, blocks=2, history=100, pooled=True), Recipe(rate=2e-3, batch=64)
)
SESSIONS = Plan(
    "sessions",
    Shape(width=128, pooled=True),
    Recipe(
        dropout=0.5,
        stray=0.65,
        rate=4e-3,
        warm_rate=2e-3,
        mix=NOTHING,
        batch=128,
        patience=3,
        full_softmax=FULL,
    ),
)
PURCHASES = Plan(
    "purchases",
    Shape(width=128, pooled=True),
    Recipe(dropout=0.5, rate=2e-3, mix=NOTHING, batch=128, patience=5, full_softmax=FULL),
)
WIDE_PURCHASES = replace(PURCHASES, shape=Shape(width=256, pooled=True))


def plan_for(source: Sequences, known: Bool, budget_s: float) -> Plan:
    """The plan that fits the `known` (n,) events of a log and the seconds there are for it."""
    if budget_s < QUICK_S:
        return RATINGS
    events = np.bincount(source.owners()[known])
    events = events[events > 0]
    ample = budget_s >= AMPLE_S
    if len(events) and events.mean() >= LONG:
        return WIDE_RATINGS if ample else RATINGS
    again = source.repeats(WITHIN)[known]
    if len(again) and again.mean() >= AGAIN:
        return SESSIONS
    return WIDE_PURCHASES if ample else PURCHASES
