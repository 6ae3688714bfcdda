"""Latency of the answers, by nearest rank."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from recaug.audit.answers import percentiles


def test_nothing_has_no_percentiles() -> None:
    assert percentiles([]) == {"p50": None, "p90": None, "p99": None}


def test_nearest_rank() -> None:
    assert percentiles(range(1, 101)) == {"p50": 50.0, "p90": 90.0, "p99": 99.0}
    assert percentiles([7]) == {"p50": 7.0, "p90": 7.0, "p99": 7.0}


@given(st.lists(st.integers(0, 10**6), min_size=1))
def test_at_least_the_share_is_at_most_the_percentile(values: list[int]) -> None:
    for share, value in zip((50, 90, 99), percentiles(values).values(), strict=True):
        assert value is not None
        below = sum(v <= value for v in values)
        strictly = sum(v < value for v in values)
        assert 100 * below >= share * len(values) > 100 * strictly
