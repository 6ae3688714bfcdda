"""When a worker counts as stalled."""

from __future__ import annotations

import subprocess
import sys

import pytest

from streams.due import Due
from streams.watchdog import STALL_S, STALLED, UNCOMMITTED_S, Progress


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


def test_what_is_due_waits_until_something_is_committed() -> None:
    clock = Clock()
    due = Due[str](clock)
    clock.now += 100
    assert due.waited_s() == 0
    due.settle({"a": 5})
    clock.now += 30
    due.settle({"a": 9, "b": 2})
    assert due.waited_s() == 30
    due.committed({"a": 5})
    clock.now += 7
    assert due.waited_s() == 7
    due.committed({"a": 9, "b": 2})
    assert due.waited_s() == 0


WATCHED = """
import time
from streams import watchdog
watchdog.CHECK_S = 0.05
watchdog.watch(watchdog.Progress(), lambda: False, lambda: {waited})
time.sleep(1.0)
"""


@pytest.mark.parametrize(("waited", "code"), [(UNCOMMITTED_S, 0), (UNCOMMITTED_S + 1, STALLED)])
def test_commits_that_come_to_nothing_end_a_worker(waited: float, code: int) -> None:
    program = WATCHED.format(waited=waited)
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, timeout=60)
    assert done.returncode == code, done.stderr.decode()
    assert (b"no commit was accepted" in done.stderr) == (code == STALLED)
