"""How long a service waits from one poll to the next."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.fetching import AHEAD, PACE_MOST_S, pace_s


@pytest.mark.parametrize(
    ("records", "seconds"), [(0, 0.0), (1, 0.002), (3, 0.006), (5, 0.010), (499, 0.010), (500, 0)]
)
def test_more_records_wait_longer_until_there_is_a_backlog(records: int, seconds: float) -> None:
    assert pace_s(records) == pytest.approx(seconds)


@given(st.integers(0, 100_000))
def test_no_wait_is_long_and_none_is_behind(records: int) -> None:
    assert 0.0 <= pace_s(records) <= PACE_MOST_S
    assert records < AHEAD or pace_s(records) == 0.0
