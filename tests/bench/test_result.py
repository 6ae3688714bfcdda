"""Medians, ratios and percentiles, worked out by hand."""

from __future__ import annotations

import json

import pytest

from bench.result import Result, percentile, shown


def test_of_rates_a_higher_one_is_better() -> None:
    result = Result.of_rates("b", [10.0, 30.0, 20.0], "peer", [5.0, 4.0, 6.0], "events/s", n=1)
    assert (result.ours, result.theirs, result.ratio) == (20.0, 5.0, 4.0)


def test_of_times_a_lower_one_is_better() -> None:
    result = Result.of_times("b", [2.0, 9.0, 4.0], "peer", [20.0, 100.0], "ms")
    assert (result.ours, result.theirs, result.ratio) == (4.0, 60.0, 15.0)


def test_alone_it_has_no_ratio() -> None:
    result = Result.alone("b", [1.0, 2.0, 9.0], "s")
    assert (result.ours, result.theirs, result.ratio) == (2.0, None, None)


def test_as_json_it_has_exactly_the_fields_that_are_promised() -> None:
    fields = json.loads(json.dumps(Result.alone("b", [1.0], "s", rate=5).to_dict()))
    assert list(fields) == ["bench", "ours", "peer", "theirs", "ratio", "unit", "config"]
    assert fields["config"] == {"rate": 5}


def test_as_a_line_it_names_both_sides_and_the_conditions() -> None:
    line = str(Result.of_rates("b", [12_345.0], "stock", [100.0], "events/s", rounds=3))
    assert "12,345 events/s" in line
    assert "stock 100   ratio 123   rounds=3" in line


@pytest.mark.parametrize(
    ("percent", "value"), [(0, 1.0), (1, 1.0), (50, 2.0), (51, 3.0), (99, 4.0), (100, 4.0)]
)
def test_a_percentile_is_the_nearest_rank(percent: float, value: float) -> None:
    assert percentile([4.0, 1.0, 3.0, 2.0], percent) == value


def test_nothing_has_no_percentile() -> None:
    with pytest.raises(ValueError, match="no values"):
        percentile([], 50)


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, "–"), (0.123, "0.12"), (12.34, "12.3"), (123.4, "123"), (1_234_567.0, "1,234,567")],
)
def test_numbers_are_shown_in_three_digits(value: float | None, text: str) -> None:
    assert shown(value) == text
