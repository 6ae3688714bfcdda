"""Read recommendations from an asyncio program; what the words mean is said in `recaug.consumer`.

    async with AsyncConsumer("127.0.0.1:9092", group="shop") as lists:
        async for recommendation in lists:
            await show(recommendation)

kafka-python blocks: it runs in a thread of its own, one call at a time.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from types import TracebackType
from typing import Self, TypeVar

from recaug.consumer import open_deliveries
from recaug.deliveries import Deliveries
from recaug.events.recommendation import Recommendation
from recaug.security import Broker
from recaug.sieve import Wanted, Where

T = TypeVar("T")


class AsyncConsumer:
    """`Consumer` for `async for`; it joins its group when the `async with` block is entered."""

    def __init__(
        self,
        broker: Broker | str,
        group: str,
        prefix: str = "",
        *,
        users: Collection[str] | None = None,
        models: Collection[str] | None = None,
        events: Collection[str] | None = None,
        where: Where | None = None,
        stale: bool = False,
        on_erased: Callable[[str], Awaitable[None]] | None = None,
        idle_s: float | None = None,
        timeout_s: float = 10.0,
    ) -> None:
        """As `Consumer`; `on_erased` is awaited. Nothing is contacted yet."""
        self._on_erased, self._idle_s = on_erased, idle_s
        wanted = Wanted.of(users, models, events, where)
        self._open = partial(
            open_deliveries, broker, group, prefix, wanted, stale, on_erased is not None, timeout_s
        )
        self._thread = ThreadPoolExecutor(1, "recaug-consumer")
        self._deliveries: Deliveries | None = None

    @property
    def skipped(self) -> Counter[str]:
        """Records nobody got: `duplicate`, `expired`, `filtered`, `erased`, `unreadable`."""
        return self._entered.skipped

    async def __aenter__(self) -> Self:
        self._deliveries = await self._apart(self._open)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        if error is None:
            self._entered.done()
        try:
            # Behind a `fill` that a cancelled loop has left: the thread does one after the other.
            await asyncio.shield(self._apart(self._entered.close))
        finally:
            self._thread.shutdown(wait=False)

    async def __aiter__(self) -> AsyncIterator[Recommendation]:
        deliveries, heard_s = self._entered, time.monotonic()
        while self._idle_s is None or time.monotonic() - heard_s < self._idle_s:
            found = deliveries.take()
            if found is None:
                await self._apart(deliveries.fill)
                continue
            heard_s = time.monotonic()
            if isinstance(found, Recommendation):
                yield found
                heard_s = time.monotonic()
            elif self._on_erased is not None:
                await self._on_erased(found.user)
            deliveries.done()

    @property
    def _entered(self) -> Deliveries:
        if self._deliveries is None:
            raise RuntimeError("an AsyncConsumer is used in `async with`")
        return self._deliveries

    async def _apart(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)
