"""Logs small enough to rank by hand, and data sets made of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from recaug.batch import Sequences, sequences
from recaug.evaluation.dataset import DataSet


def log(*users: list[int]) -> Sequences:
    """One event a millisecond, users taking turns, in the order of the lists."""
    events = [(u, row, t * len(users) + u) for u, rows in enumerate(users)
              for t, row in enumerate(rows)]  # fmt: skip
    events.sort(key=lambda event: event[2])
    column = [np.array([event[i] for event in events]) for i in range(3)]
    return sequences(column[0], column[1], np.ones(len(events), np.int64), column[2])


def data_set(
    users: list[int], items: list[int], times_ms: list[int] | None = None,
    periods: list[int] | None = None, texts: dict[str, str] | None = None,
) -> DataSet:  # fmt: skip
    """Events in the order of the lists; item 3 is called `i3`."""
    return DataSet(
        Path("made-up"), "", np.array(users), np.array(items), np.ones(len(users), np.int64),
        np.array(times_ms or [0] * len(users)), None if periods is None else np.array(periods),
        [f"i{item}" for item in range(max(items) + 1)], texts or {},
    )  # fmt: skip
