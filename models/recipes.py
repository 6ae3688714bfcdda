"""One recipe for each kind of log, told apart by how much is known of a user.

    long histories    ratings, listening, video: hundreds of events a user, items in common
    short histories   purchases and visits: a handful a user, most items rare

Chosen on validation slices of MovieLens 100k and of Amazon Beauty. A short history says so little
that wide vectors and half of everything dropped out win; on a long one that only slows learning.
"""

from __future__ import annotations

import numpy as np

from models.batches import Bool
from models.train import Recipe
from recaug.batch import Sequences

#: Mean events of a user from which on a log has long histories.
LONG = 30

LONG_HISTORIES = Recipe()
SHORT_HISTORIES = Recipe(
    width=128, dropout=0.5, rate=2e-3, views=0.0, batch=128, patience=5, full_softmax=50_000
)


def recipe_for(source: Sequences, known: Bool) -> Recipe:
    """The recipe that fits the `known` (n,) events of a log."""
    events = np.bincount(source.owners()[known])
    events = events[events > 0]
    return LONG_HISTORIES if len(events) and events.mean() >= LONG else SHORT_HISTORIES
