"""What a cell says of a partition."""

from __future__ import annotations

from recaug.lag import Position, Sample, compare
from recaug.page.strip import strips

AT_MS = 1_764_000_000_000
KEY = ("recaug-clean", "clickstream")


def behind(lag: int, age_s: float, next_offset: int) -> Position:
    return Position(next_offset, 0, next_offset + lag, int(AT_MS - age_s * 1000) if lag else None)


def test_there_is_a_cell_for_every_partition_with_what_is_unread_and_since_when() -> None:
    before = {2: behind(0, 0, 10), 0: behind(5, 9.0, 10), 1: behind(5, 9.0, 10)}
    now = {2: behind(0, 0, 12), 0: behind(7, 11.04, 12), 1: behind(6, 12.5, 10)}
    first = Sample(AT_MS - 3_000, {"recaug-clean": 1}, {KEY: before})
    second = Sample(AT_MS, {"recaug-clean": 1}, {KEY: now})
    (strip,) = strips(compare(first, second))
    assert (strip["group"], strip["topic"]) == KEY
    assert strip["cells"] == [
        {"partition": 0, "lag": 7, "age_s": 11.0, "verdict": "WARN", "hot": False},
        {"partition": 1, "lag": 6, "age_s": 12.5, "verdict": "STALL", "hot": False},
        {"partition": 2, "lag": 0, "age_s": 0.0, "verdict": "OK", "hot": False},
    ]


def test_the_partition_that_holds_most_of_a_lag_is_marked() -> None:
    now = {0: behind(10, 1.0, 0), 1: behind(3_000, 1.0, 0), 2: behind(10, 1.0, 0)}
    sample = Sample(AT_MS, {"recaug-clean": 1}, {KEY: now})
    (strip,) = strips(compare(Sample(AT_MS - 3_000, {}, {}), sample))
    assert [cell["hot"] for cell in strip["cells"]] == [False, True, False]
