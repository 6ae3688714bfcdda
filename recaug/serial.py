"""One thing at a time, without waiting: changes queue behind whoever holds the state.

Serial        hold · later · now
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from threading import Lock
from typing import TypeVar

from recaug.bounds import Bound, hit

T = TypeVar("T")

#: Changes that may wait for a holder; beyond, the one who brings more waits as well.
PENDING = 10_000


class Serial:
    """Guards a state that one thread holds for milliseconds while others send it small changes.

    A change runs in the order given, in whichever thread is free to run it: at once where nobody
    holds the state, else in the holder's thread, when it lets go. Changes must not raise.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._changes: deque[Callable[[], object]] = deque()

    @contextmanager
    def hold(self) -> Iterator[None]:
        """Keep every change out; those given before have been made."""
        try:
            with self._lock:
                self._settle()
                yield
        finally:
            self._run()

    def later(self, change: Callable[[], object]) -> None:
        """Make a change soon; returns at once unless `PENDING` others wait."""
        self._changes.append(change)
        full = len(self._changes) > PENDING
        if full:
            hit(Bound.CHANGES)
        self._run(wait=full)

    def now(self, change: Callable[[], T]) -> T:
        """Make a change, wait for it, and return or raise what it does. Not inside `hold`."""
        done: Future[T] = Future()
        self.later(lambda: _fulfil(done, change))
        return done.result()

    def _run(self, wait: bool = False) -> None:
        # Whoever cannot get the lock leaves the change to its holder, who looks again after letting
        # go: a change is never left lying.
        while self._changes and self._lock.acquire(blocking=wait):
            try:
                self._settle()
            finally:
                self._lock.release()

    def _settle(self) -> None:
        for _ in range(len(self._changes)):
            self._changes.popleft()()


def _fulfil(done: Future[T], change: Callable[[], T]) -> None:
    try:
        done.set_result(change())
    except BaseException as error:
        done.set_exception(error)
