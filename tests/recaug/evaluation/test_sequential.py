from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recaug.evaluation.sequential import ALPHA, radius


def test_by_hand() -> None:
    """ρ² = (2·ln 20 + ln(1 + 2·ln 20)) / 100 = .0793609; 100 ρ² + 1 = 8.93609."""
    wanted = math.sqrt(0.25 * 2 * 8.93609 / (100 * 100 * 0.0793609) * math.log(2.98933 / 0.05))
    assert radius(100, 0.25, 100) == pytest.approx(wanted, rel=1e-5)
    assert radius(0, 1.0, 100) == math.inf


@given(st.integers(1, 10**6), st.floats(1e-6, 1e3), st.integers(1, 10**6))
def test_more_values_narrow_it_and_noise_widens_it(
    count: int, variance: float, tightest: int
) -> None:
    found = radius(count, variance, tightest)
    assert radius(count + 1, variance, tightest) < found
    assert radius(count, 4 * variance, tightest) == pytest.approx(2 * found)


def test_it_holds_at_every_look() -> None:
    """Of 1,000 sequences looked at 2,000 times each, few ever leave; fixed intervals lose many."""
    rng = np.random.default_rng(1)
    values = (rng.random((1_000, 2_000)) < 0.3).astype(float)  # as hits are
    counts = np.arange(1, values.shape[1] + 1)
    means = values.cumsum(1) / counts
    variances = means * (1 - means)
    widths = np.array([radius(int(n), 1.0, 500) for n in counts])
    late = counts >= 50  # asymptotic: a handful of events have no variance worth the name
    away = np.abs(means - 0.3)[:, late]
    left = (away > widths[late] * np.sqrt(variances[:, late])).any(1).mean()
    assert left <= ALPHA + 3 * math.sqrt(ALPHA * (1 - ALPHA) / len(values))
    fixed = (away > 1.96 * np.sqrt(variances[:, late] / counts[late])).any(1).mean()
    assert fixed > 5 * ALPHA
