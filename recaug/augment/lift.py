"""What an augmenter is worth: the paired difference that it makes on the same targets.

Runs with and without it had the same seeds and the same processor time. Users are resampled; that
training ends elsewhere with another seed is not in the interval, so a lift counts only where every
seed agrees.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from recaug.batch import Int64
from recaug.evaluation.intervals import compare
from recaug.evaluation.metrics import Float64

LIFT, NONE, HARM = "lift", "no lift", "harm"
#: Where a run kept the weights it began with: it says nothing of what it was trained by.
SHORT = "too short"


def lift(with_it: Sequence[Float64], without: Sequence[Float64], users: Int64) -> dict[str, Any]:
    """Compare a metric of each target, (T,) a seed, of runs that differ in one augmenter.

    `lift` and its 95 % interval are in units of the metric, `relative` of its mean without.
    """
    own, other = np.mean(with_it, axis=0), np.mean(without, axis=0)
    found = compare(own, other, users)
    seeds = [round(float((a - b).mean()), 6) for a, b in zip(with_it, without, strict=True)]
    base = float(other.mean())
    return {
        "lift": round(found.mean, 6), "lift_ci": [round(found.low, 6), round(found.high, 6)],
        "p": round(found.p, 6), "relative": round(found.mean / base, 6) if base else 0.0,
        "by_seed": seeds, "verdict": _verdict(found.low, found.high, seeds),
    }  # fmt: skip


def _verdict(low: float, high: float, seeds: Sequence[float]) -> str:
    if low > 0 and min(seeds) > 0:
        return LIFT
    return HARM if high < 0 and max(seeds) < 0 else NONE
