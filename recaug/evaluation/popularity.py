"""Counts that halve with age: the least that a model has to beat.

Popular is what many do, so the same by the same user, within their newest events, counts once, as
it does where it is served (`recaug.live`).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from recaug.batch import Int64, Sequences
from recaug.evaluation.metrics import Float64
from recaug.evaluation.ranking import Score, Scores
from recaug.evaluation.targets import Bool, Targets
from recaug.session_index import LENGTH


def popular(source: Sequences, half_life_s: float, size: int, counted: Bool | None = None) -> Score:
    """Decayed counts of everything before the first of the targets given, as served at the time.

    `counted` (n,) are the events that may count, by default all. Where they bear one time only,
    as data without times does, all of them count.
    """
    able = firsts(source) if counted is None else firsts(source) & counted
    order = np.argsort(source.times_ms[able], kind="stable")
    rows, times = source.rows[able][order], source.times_ms[able][order]
    ageless = not len(times) or times[0] == times[-1]

    def score(part: Targets) -> Scores:
        now = int(part.asked_ms.min())
        end = len(times) if ageless else int(np.searchsorted(times, now))
        latest = int(times[end - 1]) if end else now
        counts = popularity(rows[:end], times[:end], latest, half_life_s, size)
        return np.broadcast_to(counts, (len(part), size))

    return score


def firsts(source: Sequences) -> Bool:
    """Events that count, (n,): not again by the same user."""
    return ~source.repeats(LENGTH)


def popularity(
    rows: npt.NDArray[np.integer], times_ms: Int64, now_ms: int, half_life_s: float, size: int
) -> Float64:
    """Events of each row, each worth half as much for every half-life before `now_ms`, (size,)."""
    weight = np.exp2((times_ms - now_ms) / (1000.0 * half_life_s))
    return np.bincount(rows, weight, minlength=size).astype(np.float64)
