from __future__ import annotations

import math

import numpy as np
import pytest

from recaug.evaluation.sequential import radius
from recaug.quality import LEAST, TIGHTEST, VERSIONS, Quality, Served


def served(gains: np.ndarray, ndcg: float = 0.2) -> Served:
    return Served(len(gains), ndcg * len(gains), float(gains.sum()), float((gains**2).sum()))


def test_a_model_that_serves_worse_is_found_out() -> None:
    rng, quality = np.random.default_rng(0), Quality()
    for _ in range(40):
        quality.add("good", served((rng.random(100) < 0.3).astype(float)))
        quality.add("bad", served((rng.random(100) < 0.1).astype(float)))
        quality.add("alike", served((rng.random(100) < 0.3).astype(float)))
    assert quality.regressed("bad", "good") is not None
    assert quality.regressed("good", "bad") is None
    assert quality.regressed("alike", "good") is None


def test_the_words_give_both_intervals() -> None:
    quality = Quality()
    quality.add("new", Served(2_000, 0.0, 0.0, 0.0))
    quality.add("old", Served(2_000, 0.0, 1_000.0, 500.0))
    half = radius(2_000, 0.0, TIGHTEST)
    assert half == 0.0
    words = quality.regressed("new", "old")
    assert words == (
        "NDCG@10 over popularity +0.0000 to +0.0000 on what came after its lists, "
        "+0.5000 to +0.5000 with old"
    )


@pytest.mark.parametrize("targets", [0, LEAST - 1])
def test_few_targets_say_nothing(targets: int) -> None:
    quality = Quality()
    quality.add("new", Served(targets, 0.0, -1.0 * targets, 1.0 * targets))
    quality.add("old", Served(LEAST, 0.0, 1.0 * LEAST, 1.0 * LEAST))
    assert quality.regressed("new", "old") is None
    assert quality.regressed("never served", "old") is None


def test_drift_is_of_the_version_that_serves() -> None:
    quality = Quality()
    quality.add("one", Served(10_000, 5_000.0, 0.0, 0.0))
    assert not quality.drifted()
    quality.add("two", Served(10_000, 1_000.0, 0.0, 0.0))  # worse, but always was
    assert not quality.drifted()
    for _ in range(4):
        quality.add("two", Served(1_000, 0.0, 0.0, 0.0))
    assert quality.drifted()
    assert not quality.drifted()  # once is enough
    quality.add(None, Served(10**6, 0.0, 0.0, 0.0))
    assert not quality.drifted()


def test_versions_are_bounded_and_the_oldest_is_forgotten() -> None:
    quality = Quality()
    for n in range(VERSIONS + 1):
        quality.add(f"v{n}", Served(LEAST, 0.0, float(n * LEAST), float(n * n * LEAST)))
    assert quality.regressed("v1", "v0") is None
    words = quality.regressed("v1", f"v{VERSIONS}")
    assert words is not None
    assert math.isclose(VERSIONS, float(words.split("to +")[2].split()[0]), abs_tol=1e-6)
