"""Where the time of a batch goes, by a clock that moves when it is told to."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

import pytest

from recaug.state import Change, StoreUnavailable
from recaug.state.memory import MemoryStore
from streams.effort import Done, Effort
from streams.timed_store import TimedStore


class Clock:
    now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


def test_a_stage_within_another_interrupts_it_and_nothing_is_counted_twice() -> None:
    clock, done = Clock(), list[Done]()
    effort = Effort(clock)
    effort.heard.append(done.append)
    effort.taken(40)
    clock.now_s += 1.0  # no stage: only busy
    with effort.stage("produce"):
        clock.now_s += 2.0
        with effort.stage("decode"):
            clock.now_s += 4.0
        clock.now_s += 8.0
    effort.settled()
    assert done == [Done(40, 15.0, {"produce": 10.0, "decode": 4.0})]
    assert (effort.records, effort.batches, effort.busy_s()) == (40, 1, 15.0)


def test_each_batch_tells_of_itself_alone() -> None:
    clock, done = Clock(), list[Done]()
    effort = Effort(clock)
    effort.heard.append(done.append)
    for seconds in (1.0, 4.0):
        effort.taken(1)
        with effort.stage("score"):
            clock.now_s += seconds
        effort.settled()
        clock.now_s += 32.0  # between batches nothing is in hand
    assert [one.stages for one in done] == [{"score": 1.0}, {"score": 4.0}]
    assert effort.stage_s() == {"score": 5.0}
    assert effort.busy_s() == 5.0


def test_a_batch_in_hand_and_a_training_count_before_they_end() -> None:
    clock = Clock()
    effort = Effort(clock)
    with effort.training():
        clock.now_s += 3.0
        effort.taken(7)
        with effort.stage("decode"):
            clock.now_s += 2.0
            assert effort.stage_s() == {"decode": 2.0, "train": 5.0}
            assert (effort.busy_s(), effort.in_hand, effort.is_training) == (2.0, 7, True)
    assert not effort.is_training


def test_time_that_was_anothers_is_moved() -> None:
    clock = Clock()
    effort = Effort(clock)
    with effort.stage("retrieve"):
        clock.now_s += 5.0
    effort.move(3.5, "retrieve", "score")
    assert effort.stage_s() == {"retrieve": 1.5, "score": 3.5}


def test_a_stage_ends_with_the_error_that_left_it() -> None:
    clock = Clock()
    effort = Effort(clock)
    with pytest.raises(ValueError, match="bad"), effort.stage("decode"):
        clock.now_s += 1.0
        raise ValueError("bad")
    clock.now_s += 1.0
    assert effort.stage_s() == {"decode": 1.0}


class Slow(MemoryStore):
    """Every call takes what the clock is moved by while it is awaited."""

    def __init__(self, step: Callable[[], None]) -> None:
        super().__init__()
        self._step = step

    async def users(self, partition: int, keys: Sequence[str]) -> list[bytes | None]:
        await asyncio.sleep(0)
        self._step()
        if partition == 9:
            raise StoreUnavailable("store", "it is away", "start it")
        return await super().users(partition, keys)


async def test_calls_at_the_same_time_are_waited_for_once_and_told_each() -> None:
    clock, told = Clock(), list[tuple[str, bool]]()
    effort = Effort(clock)

    def step() -> None:
        clock.now_s += 1.0

    store = TimedStore(Slow(step), effort, lambda call, _, failed: told.append((call, failed)))
    with effort.stage("decode"):
        clock.now_s += 8.0
        await asyncio.gather(store.users(0, ["a"]), store.users(1, ["b"]))
        clock.now_s += 16.0
    # Two calls a second each, side by side: the clock moved by two seconds in all.
    assert effort.stage_s() == {"decode": 24.0, "state": 2.0}
    with pytest.raises(StoreUnavailable):
        await store.users(9, ["c"])
    await store.load(0)
    await store.apply(0, Change(None, 1))
    expected = [("users", False), ("users", False), ("users", True)]
    assert told == [*expected, ("load", False), ("apply", False)]
