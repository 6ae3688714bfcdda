"""When the broker is asked: with empty hands while records are few, ahead while they are many.

A batch costs its service and the broker about as much with one record as with ten. So a service
that gets several a batch waits a little for more, until it gets ten milliseconds' worth: at 1,000
records a second that halves what clean uses, and what waits for a processor waits less. Who gets
them one by one never waits.

aiokafka fetches ahead at all times, for those partitions whose last records were taken. A fetch
that waits at the broker for the idle ones keeps the busy ones out, so it may only wait for a
moment, and a service with little to do then asks hundreds of times a second. Here the next fetch
goes out when the batch before it is settled. It asks for every partition, so it can wait as long
as it likes: the first record to come ends it. Only who is behind fetches while a batch is handled.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from aiokafka.structs import ConsumerRecord, OffsetAndMetadata
from faust.transport.drivers import aiokafka as driver

#: Records in one poll from which on a service counts as behind.
AHEAD = 500

#: Longest a fetch waits at the broker for a record, milliseconds: one for all partitions, and one
#: beside a batch, which keeps out those whose records are taken meanwhile.
WAIT_MS, AHEAD_WAIT_MS = 250, 4

#: Shortest time between two polls, seconds: for each record that the one before found, and at most.
PACE_S, PACE_MOST_S = 0.002, 0.010

#: Metadata of every offset we commit (see `streams.moved`).
MARK = "recaug"

Polled = Mapping[Any, list[ConsumerRecord]]


class ConsumerThread(driver.AIOKafkaConsumerThread):  # type: ignore[misc]
    """Faust's consumer thread, which fetches as said above, and committed records only."""

    _gate: Gate | None = None
    #: No poll before this moment, by the loop's clock.
    _next_s = 0.0

    def _create_worker_consumer(self, transport: Any) -> Any:
        consumer = super()._create_worker_consumer(transport)
        # Faust reads what a producer's aborted transaction left as well.
        consumer._isolation_level = "read_committed"
        consumer.commit = _marked(consumer.commit)
        return consumer

    async def poll(self, active: set[Any] | None, timeout_s: float) -> Polled:
        """Records of the partitions in `active`, as soon as there are any; none after a while.

        From any loop: it runs in the thread's own, and skips the queue that Faust's calls stand in,
        which costs a handful of tasks for each.
        """
        polling = asyncio.run_coroutine_threadsafe(self._poll(active, timeout_s), self.thread_loop)
        return await asyncio.wrap_future(polling)

    async def _poll(self, active: set[Any] | None, timeout_s: float) -> Polled:
        await asyncio.sleep(self._next_s - self.thread_loop.time())
        consumer = self._ensure_consumer()
        if self._gate is None or self._gate.fetcher is not consumer._fetcher:
            self._gate = Gate(consumer._fetcher)
        self._gate.open()
        most = consumer._max_poll_records
        found: Polled = await self._fetch_records(consumer, active, timeout_s, most)
        records = sum(map(len, found.values()))
        self._gate.keep(ahead=records >= AHEAD)
        self._next_s = self.thread_loop.time() + pace_s(records)
        return found


def pace_s(records: int) -> float:
    """Seconds from a poll that found so many records to the next."""
    return 0.0 if records >= AHEAD else min(records * PACE_S, PACE_MOST_S)


class Gate:
    """Holds an aiokafka fetcher's next fetch back until it is wanted."""

    def __init__(self, fetcher: Any) -> None:
        self.fetcher = fetcher
        self._actions = fetcher._get_actions_per_node
        self._open = False
        fetcher._get_actions_per_node = self._gated

    def open(self) -> None:
        """Fetch, unless one is under way."""
        self._open = True
        self.fetcher._notify(self.fetcher._wait_consume_future)

    def keep(self, ahead: bool) -> None:
        """Open or not while the records just taken are handled."""
        self._open = ahead
        self.fetcher._fetch_max_wait_ms = AHEAD_WAIT_MS if ahead else WAIT_MS

    def _gated(self, assignment: Any) -> tuple[Any, ...]:
        fetches, *others = self._actions(assignment)
        return (fetches if self._open else [], *others)


def _marked(commit: Callable[..., Awaitable[None]]) -> Callable[..., Awaitable[None]]:
    """Commits that carry our mark, so that offsets set by anybody else are told apart."""

    async def marked(offsets: Mapping[Any, OffsetAndMetadata]) -> None:
        await commit({tp: OffsetAndMetadata(at.offset, MARK) for tp, at in offsets.items()})

    return marked
