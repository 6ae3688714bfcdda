"""Ends a worker that has stopped making progress; the supervisor restarts it.

Heartbeats run in a thread of their own, so to Kafka a worker whose event loop hangs looks healthy
for ever. This watches the work itself, from a thread, so that it also sees a blocked loop. Code
that never gives the interpreter back stops this thread too: `faulthandler`, which needs no
interpreter, then ends the process (with code 1, as it always does).

It watches commits as well. Where a broker dies in the middle of a rebalance, aiokafka may wait for
ever for news of the cluster: the service answers on, and to everybody else its lag grows.
"""

from __future__ import annotations

import faulthandler
import os
import sys
import threading
import time
from collections.abc import Callable

from streams.logs import logger

log = logger(__name__)

#: Exit code of a worker that stood still with work to do.
STALLED = 71

STALL_S = 45.0
#: Commits are tried every second. A broker that is away for so long has failed a batch by then.
UNCOMMITTED_S = 60.0
CHECK_S = 5.0


class Progress:
    """When the agent last took and settled a batch; written by the loop, read by the watchdog."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._last = clock()
        self._busy = False
        self.records = 0

    def taken(self) -> None:
        self._last, self._busy = self._clock(), True

    def settled(self, records: int) -> None:
        self._last, self._busy = self._clock(), False
        self.records += records

    def stalled(self, behind: bool) -> bool:
        """Whether nothing moved for STALL_S although a batch is in hand or records wait."""
        waiting = self._busy or behind
        if not waiting and not self._busy:
            self._last = self._clock()
        return waiting and self._clock() - self._last > STALL_S


def watch(
    progress: Progress, behind: Callable[[], bool], uncommitted_s: Callable[[], float]
) -> threading.Thread:
    """Start the watchdog; `behind` says whether unread records are known, and `uncommitted_s` for
    how long commits have come to nothing."""

    def loop() -> None:
        while True:
            faulthandler.dump_traceback_later(STALL_S, exit=True)
            time.sleep(CHECK_S)
            stands = progress.stalled(behind())
            if stands or uncommitted_s() > UNCOMMITTED_S:
                what = "no batch was settled" if stands else "no commit was accepted"
                log.error("%s for too long: this worker ends", what)
                faulthandler.dump_traceback(all_threads=True)
                sys.stderr.flush()
                os._exit(STALLED)

    thread = threading.Thread(target=loop, name="watchdog", daemon=True)
    thread.start()
    return thread
