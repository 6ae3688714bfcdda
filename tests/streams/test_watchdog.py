"""When a worker counts as stalled."""

from __future__ import annotations

from streams.watchdog import STALL_S, Progress


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_batch_in_hand_for_too_long_is_a_stall() -> None:
    clock = Clock()
    progress = Progress(clock)
    progress.taken()
    clock.now += STALL_S
    assert not progress.stalled(behind=False)
    clock.now += 1
    assert progress.stalled(behind=False)
    progress.settled(10)
    assert not progress.stalled(behind=False)
    assert progress.records == 10


def test_unread_records_and_no_batch_for_too_long_are_a_stall() -> None:
    clock = Clock()
    progress = Progress(clock)
    clock.now += STALL_S + 1
    assert progress.stalled(behind=True)


def test_idleness_is_no_stall_and_does_not_count_towards_one() -> None:
    clock = Clock()
    progress = Progress(clock)
    for _ in range(100):
        clock.now += STALL_S
        assert not progress.stalled(behind=False)
    clock.now += STALL_S
    assert not progress.stalled(behind=True)
