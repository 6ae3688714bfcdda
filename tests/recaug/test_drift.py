from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from recaug.drift import PageHinkley


def test_by_hand() -> None:
    """Ten events at .5, then ten at 1: the mean is .75, so the sum rises by 10 (.25 − .01)."""
    found = PageHinkley(tolerated=0.01, alarm=2.3)
    assert not found.add(0.5, 10)  # −0.1, the least so far
    assert found.add(1.0, 10)  # 2.4 above it
    found = PageHinkley(tolerated=0.01, alarm=2.5)
    assert not found.add(0.5, 10)
    assert not found.add(1.0, 10)


@given(st.lists(st.floats(0.5, 0.501), min_size=1, max_size=200), st.integers(0, 50))
def test_a_level_loss_is_no_drift(losses: list[float], events: int) -> None:
    detector = PageHinkley()
    assert not any(detector.add(loss, events) for loss in losses)


@given(st.lists(st.tuples(st.floats(0, 1), st.integers(0, 9)), max_size=60))
def test_a_falling_loss_is_no_drift(given_: list[tuple[float, int]]) -> None:
    detector = PageHinkley()
    ordered = sorted(given_, reverse=True)
    assert not any(detector.add(loss, events) for loss, events in ordered)


def test_a_change_of_taste_is_noticed_within_a_few_thousand_events_and_noise_is_not() -> None:
    rng = np.random.default_rng(3)
    before = (rng.random((400, 100)) > 0.25).mean(1)  # a hit rate of .25 for 40,000 events
    detector = PageHinkley()
    assert not any(detector.add(float(loss), 100) for loss in before)
    after = (rng.random((40, 100)) > 0.10).mean(1)
    noticed = next(n for n, loss in enumerate(after) if detector.add(float(loss), 100))
    assert noticed < 20
    detector.reset()
    assert not detector.add(1.0, 100)
