"""How sure a mean is, and whether two of them differ: bootstrap over users, not over events.

Events of one user are alike; drawing them singly would make intervals too narrow.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from recaug.batch import Int64
from recaug.evaluation.metrics import Float64

ROUNDS = 1_000


def resampled_users(values: Float64, users: Int64, seed: int, rounds: int = ROUNDS) -> Float64:
    """Means of `values` (T,) over samples of users drawn with replacement, (rounds,)."""
    rng = np.random.default_rng(seed)
    sums, counts = np.bincount(users, values), np.bincount(users)
    sums, counts = sums[counts > 0], counts[counts > 0]
    size = len(sums)
    drawn = (rng.integers(0, size, size) for _ in range(rounds))
    return np.array([sums[pick].sum() / counts[pick].sum() for pick in drawn])


def interval(values: Float64, users: Int64, seed: int = 0) -> tuple[float, float]:
    """The middle 95 % of the resampled means; (0, 0) where there is no target."""
    if not len(values):
        return 0.0, 0.0
    low, high = np.quantile(resampled_users(values, users, seed), (0.025, 0.975))
    return float(low), float(high)


@dataclass(frozen=True, slots=True)
class Difference:
    """One run's mean less another's over the same targets."""

    mean: float
    low: float  # 95 % interval
    high: float
    p: float  # two-sided: how often so large a difference would be chance


def compare(own: Float64, other: Float64, users: Int64, seed: int = 0) -> Difference:
    """Compare what two runs reached for each of the same targets, (T,) each, T ≥ 1."""
    gain = own - other
    found = resampled_users(gain, users, seed)
    low, high = np.quantile(found, (0.025, 0.975))
    below, above = int((found <= 0).sum()), int((found >= 0).sum())
    p = min(1.0, 2 * (min(below, above) + 1) / (len(found) + 1))
    return Difference(float(gain.mean()), float(low), float(high), p)
