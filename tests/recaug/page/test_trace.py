"""Stages of an event's way, and percentiles, by hand."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recaug.page.trace import Recent, Trace, Traces, percentile, stages_ms


def test_the_parts_of_a_way_add_up_to_the_whole() -> None:
    trace = Trace(sent_ms=1_000.0, arrived_ms=1_003, cleaned_ms=1_009)
    parts = stages_ms(trace, answered_ms=1_020, read_ms=1_024.5)
    assert parts == {"kafka_in": 3.0, "clean": 6.0, "recommend": 11.0, "kafka_out": 4.5}
    assert sum(parts.values()) == 24.5


def test_a_part_that_was_not_seen_is_left_out() -> None:
    parts = stages_ms(Trace(arrived_ms=1_003), answered_ms=1_020, read_ms=1_024.0)
    assert parts == {"kafka_out": 4.0}


def test_clocks_that_disagree_never_make_a_part_negative() -> None:
    parts = stages_ms(Trace(sent_ms=9_000.0, arrived_ms=1_003), 1_020, 1_000.0)
    assert parts == {"kafka_in": 0.0, "kafka_out": 0.0}


def test_the_oldest_traces_are_forgotten() -> None:
    traces = Traces(capacity=3)
    for number in range(5):
        traces.at(f"e{number}").arrived_ms = number
    assert len(traces) == 3
    assert traces.take("e1") is None
    assert traces.take("e4") == Trace(arrived_ms=4)
    assert traces.take("e4") is None


def test_values_older_than_the_span_no_longer_count() -> None:
    recent = Recent(span_s=5.0)
    for now_s in (0.0, 3.0, 6.0):
        recent.add(now_s * 10, now_s)
    assert recent.values(6.0) == [30.0, 60.0]


@pytest.mark.parametrize(
    ("share", "expected"), [(0.5, 50), (0.99, 99), (1.0, 100), (0.001, 1), (0.0, 1)]
)
def test_nearest_rank(share: float, expected: int) -> None:
    assert percentile([float(n) for n in range(100, 0, -1)], share) == expected


def test_nothing_has_no_percentile() -> None:
    assert percentile([], 0.5) is None


@given(st.lists(st.floats(0, 1e6), min_size=1), st.floats(0, 1))
def test_a_percentile_is_one_of_the_values(values: list[float], share: float) -> None:
    assert percentile(values, share) in values
