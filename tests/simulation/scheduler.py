"""Who goes on at every await: one seed, one history.

Whatever a process does to the world is an await of `Scheduler.point`, before and after. Between two
points nothing else runs, so the order of points is all there is to chance, and the seed decides it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from random import Random
from typing import Any


class Process:
    """One run of a service: tasks that a crash ends together, at an await and without a word."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.alive = True
        self._task: asyncio.Task[None] | None = None

    def start(self, work: Coroutine[Any, Any, None]) -> None:
        self._task = asyncio.ensure_future(work)

    def crash(self) -> None:
        """Nothing of it has an effect from now on."""
        self.alive = False
        assert self._task is not None
        self._task.cancel()

    @property
    def ended(self) -> bool:
        """It came to its end by itself, which no service may."""
        return self.alive and self._task is not None and self._task.done()

    def error(self) -> BaseException | None:
        assert self._task is not None
        return None if self._task.cancelled() else self._task.exception()


class Scheduler:
    """Lets one waiting process go on at a time."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._waiting: list[tuple[Process, asyncio.Future[None]]] = []

    async def point(self, process: Process) -> None:
        """Wait to be chosen; a process that crashed meanwhile never is."""
        future = asyncio.get_running_loop().create_future()
        self._waiting.append((process, future))
        await future

    async def run(self, done: Callable[[], bool], step: Callable[[], None], most: int) -> int:
        """Let processes go on, one point at a time, until `done`; returns the points passed.

        :param step: called before each point; may crash, start or wipe things. Who was chosen last
            has not gone on yet, and never does if it crashes now.
        :param most: AssertionError beyond so many points: something stands still.
        """
        for passed in range(most):
            if done():
                return passed
            step()
            await _settle()
            self._go_on()
        raise AssertionError(f"not done after {most} points: {self._waiting}")

    def _go_on(self) -> None:
        self._waiting = [(p, f) for p, f in self._waiting if p.alive and not f.done()]
        _, future = self._waiting.pop(self._random.randrange(len(self._waiting)))
        future.set_result(None)


async def _settle() -> None:
    """Return when every task waits at a point."""
    ready: Any = asyncio.get_running_loop()
    await asyncio.sleep(0)
    while ready._ready:
        await asyncio.sleep(0)
