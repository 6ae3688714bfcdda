"""Targets by how much was known: of the item, and of the user."""

from __future__ import annotations

import numpy as np

from recaug.batch import Int64
from recaug.evaluation.targets import Bool, Targets

#: Training events that make an item warm.
WARM = 5
#: Events before the target: the least of each bucket, and its name.
HISTORY = {0: "0", 1: "1", 2: "2", 3: "3-5", 6: "6-20", 21: ">20"}


def by_item(counts: Int64, wanted: Targets) -> dict[str, Bool]:
    """Targets whose item had ≥ 5 (warm), 1 – 4 (few) or no training events (cold), (T,) each.

    `counts` are the training events of each row of the item table.
    """
    had = counts[wanted.rows]
    return {"warm": had >= WARM, "few": (had > 0) & (had < WARM), "cold": had == 0}


def by_history(wanted: Targets) -> dict[str, Bool]:
    """Targets by the number of events their user had before, (T,) each."""
    bucket = np.searchsorted(list(HISTORY), wanted.at - wanted.starts, side="right") - 1
    return {name: bucket == number for number, name in enumerate(HISTORY.values())}
