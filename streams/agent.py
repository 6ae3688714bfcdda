"""The one way an agent may run: take a batch, make its effect durable, only then acknowledge.

A batch that cannot succeed ends the process without acknowledging anything and the supervisor
restarts it. Carrying on past a failed batch would let a later commit cover it: Faust acknowledges
whatever was in hand when an exception leaves the loop.
"""

from __future__ import annotations

import asyncio
import logging
import os
import sys
from collections.abc import Awaitable, Callable
from typing import Any

from streams.logs import logger
from streams.transport import Batch
from streams.watchdog import Progress

log = logger(__name__)

#: Exit code of a worker whose batch could not succeed (sysexits' EX_SOFTWARE).
FATAL = 70

#: Longest a batch may take, seconds: below Faust's rebalance timeout, so a rebalance never waits
#: for a batch that hangs.
BATCH_TIMEOUT_S = 30.0


async def run(stream: Any, handle: Callable[[Batch], Awaitable[None]], progress: Progress) -> None:
    """Feed every batch of `stream` to `handle`, which returns once the effect is durable."""
    async for event in stream.noack().events():
        batch: Batch = event.value
        progress.taken()
        try:
            async with asyncio.timeout(BATCH_TIMEOUT_S):
                await handle(batch)
        except asyncio.CancelledError:
            if not stream.app.should_stop:
                die("the agent was cancelled with a batch in hand")
            raise
        except BaseException:
            log.critical("batch failed", exc_info=True)
            die("a batch could not be processed; nothing of it was acknowledged")
        batch.done = True
        event.ack()
        progress.settled(len(batch.records))


def die(why: str, code: int = FATAL) -> None:
    """End the process at once: no `finally`, no final commit."""
    log.critical("%s; exit %d", why, code, code=code)
    logging.shutdown()
    sys.stderr.flush()
    os._exit(code)
