"""What a worker's time goes to: batches one after the other, and a training beside them.

    Watch     which stage is in hand, and how long each has been
    Effort    taken · stage · settled, by batch; and what there has been so far

Some ten readings of a clock a batch, none an event: a batch of one event takes milliseconds, these
take microseconds.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Lock

from recaug.pulse import Stage

Clock = Callable[[], float]


class Watch:
    """One stage at a time, from whichever thread; a stage within another interrupts it."""

    def __init__(self, clock: Clock = time.perf_counter) -> None:
        self._clock, self._lock = clock, Lock()
        self._spent: dict[Stage, float] = {}
        self._stage: Stage | None = None
        self._since_s = clock()

    def switch(self, to: Stage | None) -> Stage | None:
        """Go over to a stage, or to none; returns the one before."""
        with self._lock:
            before, now_s = self._stage, self._clock()
            if before is not None:
                self._spent[before] = self._spent.get(before, 0.0) + now_s - self._since_s
            self._stage, self._since_s = to, now_s
            return before

    @contextmanager
    def stage(self, name: Stage) -> Iterator[None]:
        """For as long as it is open; then what was interrupted goes on."""
        before = self.switch(name)
        try:
            yield
        finally:
            self.switch(before)

    def move(self, seconds: float, source: Stage, to: Stage) -> None:
        """Say that so much of one stage's time was in truth another's."""
        with self._lock:
            self._spent[source] = self._spent.get(source, 0.0) - seconds
            self._spent[to] = self._spent.get(to, 0.0) + seconds

    def spent(self) -> dict[Stage, float]:
        """Seconds of every stage so far, the one in hand included."""
        self.switch(self._stage)
        with self._lock:
            return dict(self._spent)


@dataclass(frozen=True, slots=True)
class Done:
    """One batch, when it is settled."""

    records: int
    seconds: float
    stages: Mapping[Stage, float]


class Effort:
    """What one worker has done since it started; all numbers only rise.

    `settled` gives each batch to every function in `heard`.
    """

    def __init__(self, clock: Clock = time.perf_counter) -> None:
        self._clock = clock
        self._watch, self._training = Watch(clock), Watch(clock)
        self._busy_s = 0.0
        self._taken_s: float | None = None
        self._before: dict[Stage, float] = {}
        self.records = self.batches = self.in_hand = 0
        self.heard: list[Callable[[Done], None]] = []
        self.is_training = False
        self.stage, self.switch, self.move = self._watch.stage, self._watch.switch, self._watch.move

    def taken(self, records: int) -> None:
        """A batch begins."""
        self._taken_s, self._before = self._clock(), self._watch.spent()
        self.in_hand = records

    def settled(self) -> None:
        """It has had its effect."""
        assert self._taken_s is not None
        done = Done(self.in_hand, self._clock() - self._taken_s, self._since(self._before))
        self._busy_s += done.seconds
        self.records += done.records
        self.batches += 1
        self._taken_s, self.in_hand = None, 0
        for listener in self.heard:
            listener(done)

    def _since(self, before: Mapping[Stage, float]) -> dict[Stage, float]:
        return {name: s - before.get(name, 0.0) for name, s in self._watch.spent().items()}

    @contextmanager
    def training(self) -> Iterator[None]:
        """A model is trained meanwhile."""
        with self._training.stage("train"):
            self.is_training = True
            try:
                yield
            finally:
                self.is_training = False

    def busy_s(self) -> float:
        """Seconds that a batch was in hand, the present one included."""
        taken_s = self._taken_s
        return self._busy_s + (0.0 if taken_s is None else self._clock() - taken_s)

    def stage_s(self) -> dict[Stage, float]:
        """Seconds by stage, those in hand included."""
        return {**self._watch.spent(), **self._training.spent()}
