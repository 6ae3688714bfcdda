"""Who is refused for sending too much, and that honest senders are not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recaug.clean import limits as module
from recaug.clean.limits import BULK, Limits, Metronome, Rate
from recaug.events import Reason, Rejection
from recaug.settings import Settings

NOW = 1_764_000_000_000
WINDOW = 10_000


@given(st.lists(st.integers(0, 100), max_size=80), st.integers(1, 10))
def test_a_rate_lies_between_one_window_and_two(times: list[int], most: int) -> None:
    """Whatever the order of time: never over on what two windows may hold, never under on one."""
    rate, seen = Rate(window_ms=20, most=most), list[int]()
    for at in times:
        over = rate.over("key", at)
        seen.append(at)
        newest = max(seen) // 20
        if sum(newest - 1 <= t // 20 <= newest for t in seen) <= most:
            assert not over
        if at // 20 == newest and sum(t // 20 == newest for t in seen) > most:
            assert over


def test_a_rate_slides() -> None:
    rate = Rate(window_ms=1_000, most=10)
    assert [rate.over("a", 500) for _ in range(11)] == [False] * 10 + [True]
    # Of the 11 in the window before, 11 × 0.1 = 1.1 count nine tenths into this one: 8 more fit.
    assert [rate.over("a", 1_900) for _ in range(10)] == [False] * 8 + [True] * 2
    assert not rate.over("b", 1_900)
    assert not rate.over("a", 9_000)


def test_tables_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "WATCHED", 10)
    rate, metronome = Rate(WINDOW, 5), Metronome(WINDOW, 10)
    for n in range(100):
        rate.over(f"u{n}", NOW)
        metronome.is_bot(f"u{n}", (), NOW, NOW)
    assert len(rate._counts) <= 10
    assert len(metronome._beats) <= 10


def reasons(limits: Limits, events: list[tuple[str, str, int, int]]) -> list[Reason | None]:
    found: list[Reason | None] = []
    for user, item, told_ms, arrived_ms in events:
        try:
            limits.admit(user, (item,), told_ms, arrived_ms)
            found.append(None)
        except Rejection as rejection:
            found.append(rejection.reason)
    return found


def test_a_user_is_capped_and_others_are_not() -> None:
    limits = Limits(Settings(user_limit=5))
    flood = [("u1", f"i{n}", NOW, NOW) for n in range(8)]
    assert reasons(limits, flood) == [None] * 5 + [Reason.USER_FLOOD] * 3
    assert reasons(limits, [("u2", "i0", NOW, NOW)]) == [None]
    assert reasons(limits, [("u1", "i0", NOW + 30_000, NOW + 30_000)]) == [None]


def test_a_user_on_one_item_is_capped() -> None:
    limits = Limits(Settings(user_item_limit=3))
    events = [("u1", "i1", NOW, NOW)] * 5 + [("u1", "i2", NOW, NOW)]
    assert reasons(limits, events) == [None] * 3 + [Reason.USER_ITEM_FLOOD] * 2 + [None]


def test_an_item_is_capped_over_all_users() -> None:
    limits = Limits(Settings(item_limit=4))
    events = [(f"u{n}", "i1", NOW, NOW) for n in range(6)]
    assert reasons(limits, events) == [None] * 4 + [Reason.ITEM_FLOOD] * 2


def test_forged_times_meet_the_limit_by_arrival() -> None:
    limits = Limits(Settings(user_limit=5))
    past = [("u1", f"i{n}", NOW - (n + 1) * WINDOW, NOW) for n in range(BULK * 5 + 1)]
    assert reasons(limits, past) == [None] * BULK * 5 + [Reason.USER_FLOOD]


def test_one_event_ahead_of_the_clock_opens_no_door() -> None:
    limits = Limits(Settings(user_limit=5))
    events = [("u1", "i", NOW + 200_000, NOW)] + [("u1", "i", NOW, NOW)] * 5
    assert reasons(limits, events) == [None] * 5 + [Reason.USER_FLOOD]


def beats(gaps_ms: list[int], items: int, late_ms: int = 20) -> list[bool]:
    """Whether each event of one user is taken for a bot's, ten regular gaps making one."""
    metronome, at_ms, found = Metronome(WINDOW, events=10), NOW, list[bool]()
    for n, gap_ms in enumerate(gaps_ms):
        at_ms += gap_ms
        found.append(metronome.is_bot("u", (f"i{n % items}",), at_ms, at_ms + late_ms))
    return found


def test_a_metronome_is_a_bot_until_it_stops() -> None:
    # One event starts a run, one sets its gap, ten more keep to it.
    assert beats([100] * 14, items=1) == [False] * 11 + [True] * 3
    assert beats([100, 101, 99, 105, 95] * 3, items=5) == [False] * 11 + [True] * 4
    assert beats([100] * 12 + [170, 100], items=1)[-3:] == [True, False, False]


def test_honest_regularity_is_no_bot() -> None:
    assert not any(beats([100] * 500, items=500)), "a data set at a fixed rate"
    assert not any(beats([0] * 500, items=1)), "a batch stamped at once"
    assert not any(beats([60_000] * 500, items=1)), "once a minute"
    assert not any(beats([100] * 500, items=1, late_ms=3_600_000)), "an import of the past"
    assert not any(beats([80, 100] * 250, items=1)), "a hand"


def test_a_bulk_replay_of_a_busy_user_passes() -> None:
    """MovieLens 100k at full speed: its busiest user has 737 events, minutes apart, in seconds."""
    limits = Limits(Settings())
    events = [("u405", f"i{n}", NOW - 900_000_000 + n // 5 * 9_000, NOW + n) for n in range(737)]
    assert set(reasons(limits, events)) == {None}


def test_a_bulk_replay_beyond_the_limit_by_arrival_alone_passes() -> None:
    limits = Limits(Settings(user_limit=100))
    events = [("u1", f"i{n}", NOW - 9_000_000 + n * 1_000, NOW + n) for n in range(900)]
    assert set(reasons(limits, events)) == {None}


def test_a_refusal_says_how_to_mend_it() -> None:
    limits = Limits(Settings(user_limit=1))
    limits.admit("u1", (), NOW, NOW)
    with pytest.raises(Rejection) as caught:
        limits.admit("u1", (), NOW, NOW)
    assert "'u1' had more than 1 events within 10 s" in caught.value.message
    assert "RECAUG_USER_LIMIT" in caught.value.message
