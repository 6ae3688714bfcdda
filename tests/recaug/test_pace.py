"""The rate is held exactly, whatever the moments at which the clock is read."""

from hypothesis import given
from hypothesis import strategies as st

from recaug.pace import FORGIVEN_S, TICK_S, Pace

steps = st.lists(st.floats(0.001, 0.9), min_size=1, max_size=50)


@given(rate=st.floats(1, 5_000), start_s=st.floats(0, 1e6), steps=steps)
def test_all_due_events_are_sent_and_none_before_its_time(
    rate: float, start_s: float, steps: list[float]
) -> None:
    pace, now_s, sent = Pace(rate, start_s), start_s, 0
    for step in steps:
        now_s += step
        sent += pace.take(now_s)
        exact = (now_s - start_s) * rate
        assert exact - 1.001 <= sent <= exact + 0.001


def test_nothing_is_due_at_once() -> None:
    assert Pace(300, 10.0).take(10.0) == 0


def test_a_long_stall_is_not_made_good() -> None:
    pace = Pace(100, 0.0)
    assert pace.take(60.0) == FORGIVEN_S * 100
    assert pace.take(60.5) == 50


def test_waits_a_tick_when_events_are_frequent_and_for_the_next_when_they_are_rare() -> None:
    assert Pace(1_000, 0.0).wait_s(0.0) == TICK_S
    assert Pace(0.5, 0.0).wait_s(0.5) == 1.5
