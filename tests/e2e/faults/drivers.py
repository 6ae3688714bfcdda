"""Services with one fault built in: `python -m tests.e2e.faults.drivers FAULT SERVICE`.

The code of the services knows nothing of tests, so a driver replaces a function of it and then runs
the service as `python -m streams` does.
"""

from __future__ import annotations

import asyncio
import os
import re
import signal
import sys
import time
from collections.abc import Awaitable, Callable
from typing import Any, NoReturn

import streams.agent
import streams.app
import streams.watchdog
from recaug.state.redis import RedisStore
from streams.__main__ import main

#: The batch in which the fault comes: some have been handled and committed before.
BATCH = 60

Handle = Callable[[Any], Awaitable[None]]


def before_batch(fault: Callable[[], Awaitable[None]]) -> None:
    """Run `fault` in the agent, with batch number `BATCH` in hand."""
    plain = streams.agent.run

    async def run(stream: Any, handle: Handle, progress: Any) -> None:
        count = 0

        async def faulty(batch: Any) -> None:
            nonlocal count
            count += 1
            if count == BATCH:
                await fault()
            await handle(batch)

        await plain(stream, faulty, progress)

    streams.app.run = run  # type: ignore[attr-defined]


def hang() -> None:
    """The batch never ends, the event loop lives: only a kill helps before the batch times out."""
    before_batch(lambda: asyncio.sleep(3_600))


def sleep() -> None:
    """The event loop itself stands still."""
    _impatient()

    async def block() -> None:
        time.sleep(3_600)

    before_batch(block)


def hog() -> None:
    """One thread never gives the interpreter back, so that no other Python code runs at all."""
    _impatient()

    async def block() -> None:
        re.match(r"(a|a)*$", "a" * 200 + "b")

    before_batch(block)


def _impatient() -> None:
    streams.watchdog.STALL_S, streams.watchdog.CHECK_S = 4.0, 0.5


def die_unstored() -> None:
    """Killed with the answers acknowledged by the broker and nothing stored or committed."""
    plain, calls = RedisStore.apply, 0

    async def apply(self: RedisStore, *args: Any) -> None:
        nonlocal calls
        calls += 1
        if calls == BATCH:
            os.kill(os.getpid(), signal.SIGKILL)
        await plain(self, *args)

    RedisStore.apply = apply  # type: ignore[method-assign, assignment]


def skew() -> None:
    """The machine's clock is set an hour ahead, then an hour back, every two seconds."""
    true, began = time.time, time.monotonic()

    def told() -> float:
        return true() + 3_600.0 * (0, 1, -1)[int((time.monotonic() - began) / 2.0) % 3]

    time.time = told


FAULTS = {fault.__name__: fault for fault in (hang, sleep, hog, die_unstored, skew)}


def run(fault: str, service: str) -> NoReturn:
    FAULTS[fault]()
    sys.exit(main([service]))


if __name__ == "__main__":
    run(*sys.argv[1:])
