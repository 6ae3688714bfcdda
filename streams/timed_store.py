"""A store whose calls are timed: what of a batch is waiting for the store, and each call's time."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from recaug.pulse import Stage
from recaug.state import Change, PartitionState, Store
from streams.effort import Effort

#: Told of every call: its name, its seconds, whether it failed.
Heard = Callable[[str, float, bool], None]


class TimedStore:
    """`store` as it is. Calls at the same time are waited for together, and so counted once."""

    def __init__(self, store: Store, effort: Effort, heard: Heard) -> None:
        self._store, self._effort, self._heard = store, effort, heard
        self._open = 0
        self._interrupted: Stage | None = None

    async def load(self, partition: int) -> PartitionState:
        with self._timed("load"):  # between batches: it is no stage of one
            return await self._store.load(partition)

    async def users(self, partition: int, keys: Sequence[str]) -> list[bytes | None]:
        with self._waited(), self._timed("users"):
            return await self._store.users(partition, keys)

    async def apply(self, partition: int, change: Change) -> None:
        with self._waited(), self._timed("apply"):
            await self._store.apply(partition, change)

    async def ping(self) -> None:
        await self._store.ping()

    async def close(self) -> None:
        await self._store.close()

    @contextmanager
    def _timed(self, call: str) -> Iterator[None]:
        began_s, failed = time.perf_counter(), True
        try:
            yield
            failed = False
        finally:
            self._heard(call, time.perf_counter() - began_s, failed)

    @contextmanager
    def _waited(self) -> Iterator[None]:
        if not self._open:
            self._interrupted = self._effort.switch("state")
        self._open += 1
        try:
            yield
        finally:
            self._open -= 1
            if not self._open:
                self._effort.switch(self._interrupted)
