"""The arithmetic of lag, and every verdict, from offsets chosen by hand."""

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from recaug.lag import Position, Row, Sample, Verdict, compare, drain_s, hot_partition, worst

KEY = ("recaug-clean", "clickstream")


def sample(at_s: float, *positions: Position, members: int = 1) -> Sample:
    return Sample(int(at_s * 1000), {KEY[0]: members}, {KEY: dict(enumerate(positions))})


def judged(first: Sample, second: Sample, max_lag_s: float = 10.0) -> Row:
    (row,) = compare(first, second, max_lag_s)
    return row


def test_a_partition_never_committed_counts_from_its_oldest_record() -> None:
    assert Position(committed=None, begin=40, end=100).lag == 60
    assert Position(committed=None, begin=40, end=100).lost == 0


def test_records_deleted_unread_are_lost_and_no_longer_lag() -> None:
    position = Position(committed=10, begin=40, end=100)
    assert (position.lag, position.lost) == (60, 30)


def test_rates_are_what_moved_over_the_time_between() -> None:
    first = sample(100, Position(500, 0, 600), Position(20, 0, 20))
    second = sample(104, Position(900, 0, 800), Position(60, 0, 60))
    row = judged(first, second)
    # In: (200 + 40) / 4 s. Out: (400 + 40) / 4 s.
    assert (row.in_per_s, row.out_per_s, row.lag, row.partitions) == (60.0, 110.0, 0, 2)
    assert row.drain_s is None


def test_draining_takes_the_lag_over_what_is_gained_on_it() -> None:
    assert drain_s(900, in_per_s=100, out_per_s=400) == 3.0
    assert drain_s(900, in_per_s=400, out_per_s=400) == math.inf
    assert drain_s(0, in_per_s=400, out_per_s=100) is None


def test_time_lag_is_the_age_of_the_oldest_unread_record() -> None:
    first = sample(100, Position(0, 0, 10), Position(0, 0, 10))
    second = sample(
        103, Position(5, 0, 10, unread_ms=101_000), Position(5, 0, 10, unread_ms=99_500)
    )
    assert judged(first, second).time_lag_s == 3.5


def test_records_of_the_last_commit_need_no_draining() -> None:
    first = sample(100, Position(90, 0, 100))
    assert judged(first, sample(103, Position(91, 0, 140, unread_ms=101_500))).drain_s is None
    assert judged(first, sample(103, Position(91, 0, 140, unread_ms=100_500))).drain_s == math.inf


def test_time_lag_is_unknown_when_no_unread_record_could_be_read() -> None:
    row = judged(sample(100, Position(0, 0, 10)), sample(103, Position(5, 0, 10)))
    assert row.time_lag_s is None
    assert row.verdict is Verdict.OK


def test_keeping_up_is_ok() -> None:
    row = judged(sample(100, Position(90, 0, 100)), sample(103, Position(390, 0, 400, 102_900)))
    assert (row.verdict, row.words) == (Verdict.OK, "keeps up")


def test_an_offset_that_stands_while_records_wait_is_a_stall() -> None:
    first = sample(100, Position(50, 0, 60), Position(7, 0, 7))
    row = judged(first, sample(103, Position(50, 0, 60), Position(9, 0, 9)))
    assert (row.verdict, row.words) == (Verdict.STALL, "its offset does not move in partition 0")


def test_records_that_arrive_meanwhile_do_not_hide_a_stall() -> None:
    row = judged(sample(100, Position(50, 0, 60)), sample(103, Position(50, 0, 900)))
    assert row.verdict is Verdict.STALL


def test_nothing_to_read_is_no_stall() -> None:
    row = judged(sample(100, Position(60, 0, 60)), sample(103, Position(60, 0, 75, 102_999)))
    assert row.verdict is Verdict.OK


def test_a_member_that_never_commits_is_a_stall() -> None:
    row = judged(sample(100, Position(None, 0, 60)), sample(103, Position(None, 0, 60)))
    assert row.verdict is Verdict.STALL


def test_nobody_reading_is_a_stop_even_without_lag() -> None:
    here = Position(60, 0, 60)
    row = judged(sample(100, here, members=0), sample(103, here, members=0))
    assert row.verdict is Verdict.STOP


def test_an_offset_that_went_back_is_a_rewind() -> None:
    row = judged(sample(100, Position(60, 0, 60)), sample(103, Position(10, 0, 60, 102_000)))
    assert (row.verdict, row.words) == (Verdict.REWIND, "its offset went back in partition 0")
    assert row.out_per_s == 0


def test_older_than_allowed_is_a_warning_that_says_where_it_goes() -> None:
    first = sample(100, Position(0, 0, 10_000))
    behind = judged(first, sample(110, Position(1_000, 0, 13_000, unread_ms=95_000)))
    assert (behind.verdict, behind.words) == (Verdict.WARN, "falls behind by 200/s")
    closer = judged(first, sample(110, Position(5_000, 0, 11_000, unread_ms=95_000)))
    assert (closer.verdict, closer.words) == (Verdict.WARN, "catches up by 400/s")
    assert closer.drain_s == 6_000 / 400


def test_lost_records_outrank_everything() -> None:
    row = judged(sample(100, Position(5, 0, 9)), sample(103, Position(5, 8, 9), members=0))
    assert (row.verdict, row.words) == (
        Verdict.LOST,
        "3 records were deleted before they were read",
    )


def test_a_hot_partition_holds_more_than_half_of_a_real_lag() -> None:
    def parts(*lags: int) -> dict[int, Position]:
        return {number: Position(0, 0, lag) for number, lag in enumerate(lags)}

    assert hot_partition(parts(100, 2_000, 100)) == 1
    assert hot_partition(parts(700, 800, 700)) is None
    assert hot_partition(parts(5, 90, 5)) is None
    assert hot_partition(parts(0, 5_000)) is None


def test_a_group_seen_for_the_first_time_has_no_rates() -> None:
    first = Sample(100_000, {}, {})
    row = judged(first, sample(103, Position(10, 0, 500, 102_000)))
    assert (row.in_per_s, row.out_per_s, row.verdict) == (0, 0, Verdict.OK)


def test_the_worst_verdict_decides_the_exit_code() -> None:
    ok = judged(sample(100, Position(1, 0, 1)), sample(103, Position(1, 0, 1)))
    stop = judged(sample(100, Position(1, 0, 1)), sample(103, Position(1, 0, 1), members=0))
    assert worst([]) is Verdict.OK
    assert worst([ok, stop, ok]) is Verdict.STOP
    assert [verdict.severity for verdict in Verdict] == [0, 1, 2, 2, 2, 2]


def test_json_has_no_infinity() -> None:
    row = judged(sample(100, Position(0, 0, 10)), sample(103, Position(1, 0, 40, 100_500)))
    assert row.drain_s == math.inf
    shown = row.as_json()
    assert (shown["drain_s"], shown["drains"], shown["verdict"]) == (None, False, "OK")


positions = st.builds(
    lambda begin, kept, committed, age: Position(
        None if committed is None else min(committed, begin + kept), begin, begin + kept, age
    ),
    st.integers(0, 1_000),
    st.integers(0, 1_000),
    st.none() | st.integers(0, 2_000),
    st.none() | st.integers(0, 100_000),
)


@given(st.lists(positions, min_size=1, max_size=5), st.lists(positions, min_size=1, max_size=5))
def test_any_two_samples_give_a_row_that_makes_sense(
    before: list[Position], now: list[Position]
) -> None:
    row = judged(sample(90, *before), sample(100, *now))
    assert 0 <= row.lag <= sum(position.end - position.begin for position in now)
    assert row.out_per_s >= 0
    assert row.time_lag_s is None or row.time_lag_s >= 0
    assert (row.drain_s is None) == (row.time_lag_s is not None and row.time_lag_s <= 2)
    assert row.words
