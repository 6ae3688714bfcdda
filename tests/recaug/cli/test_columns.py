"""Alignment, durations and colour."""

from __future__ import annotations

import pytest

from recaug.cli.columns import align, clock, paint, seconds, span


def test_columns_line_up_and_numbers_stand_right() -> None:
    lines = align(["NAME", "N", "WHY"], [["a", "10", "x"], ["bcdef", "9", "long words"]], ["N"])
    assert lines == [
        "NAME    N  WHY",
        "a      10  x",
        "bcdef   9  long words",
    ]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "-"),
        (float("inf"), "never"),
        (0.34, "0.3s"),
        (42.4, "42s"),
        (200.0, "3m"),
        (9_000.0, "2.5h"),
    ],
)
def test_durations_are_said_as_people_say_them(value: float | None, text: str) -> None:
    assert span(value) == text


@pytest.mark.parametrize(("text", "value"), [("90", 90), ("90s", 90), ("5m", 300), ("1.5h", 5_400)])
def test_durations_are_read(text: str, value: float) -> None:
    assert seconds(text) == value


@pytest.mark.parametrize("text", ["", "soon", "-3m", "5 weeks", "1e3"])
def test_what_is_no_duration_says_what_to_write(text: str) -> None:
    with pytest.raises(ValueError, match="write 90, 90s, 5m"):
        seconds(text)


def test_times_are_utc() -> None:
    assert clock(1_764_000_000_000) == "16:00:00"


def test_a_pipe_gets_no_colour() -> None:
    assert paint("STOP", "bad") == "STOP"
