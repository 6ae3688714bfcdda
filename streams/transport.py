"""The batch transport: an agent gets one message per poll, all partitions' raw records together.

The consumer polls again only when that batch is settled, so batches grow by themselves when a
service is behind, stay tiny when it is not, and there is no queue of small batches to wait in.

Faust's own accounting (`_acked`, `_gap`, `_new_offset`) knows single offsets only and loses track
of ranges, so positions are kept here instead: a settled batch says for each partition which offset
comes next, and the commit sends exactly those.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import faust
from aiokafka.structs import ConsumerRecord
from faust.events import Event
from faust.transport.drivers import aiokafka as driver
from faust.types import TP, ConsumerMessage

from recaug.bounds import Bound, hit
from streams import headers
from streams.due import Due
from streams.fetching import ConsumerThread
from streams.logs import logger

log = logger(__name__)

#: A poll that found nothing for so long, seconds, looks around and asks again.
QUIET_S = 1.0

#: Faust has no partitions for a moment after each rebalance.
UNASSIGNED_S = 0.05


@dataclass(slots=True)
class Batch:
    """Every record of one poll, in offset order within each partition.

    `next_offsets` is what acknowledging the batch commits. An agent that has to read the records
    again clears it; nothing is committed then. `parts` are the same records by partition.
    """

    records: Sequence[ConsumerRecord]
    next_offsets: dict[TP, int]
    parts: Mapping[TP, Sequence[ConsumerRecord]] = field(default_factory=dict)
    done: bool = field(default=False)
    settled: asyncio.Event = field(default_factory=asyncio.Event)


#: Given the group's committed offsets (None: never committed), where to read from; a partition
#: that is not named is read from its committed offset.
Owner = Callable[[Mapping[TP, int | None]], Awaitable[Mapping[TP, int]]]


class BatchSchema(faust.Schema):  # type: ignore[misc]
    """Hands the batch to the agent as it is.

    It hooks in at `compile`, because Faust compiles `Topic.decode` per instance and silently
    ignores an overridden method.
    """

    def compile(self, app: faust.App, **_: Any) -> Callable[..., Awaitable[Event]]:
        async def decode(message: ConsumerMessage, *, propagate: bool = False) -> Event:
            return Event(app, None, message.value, {}, message)

        return decode


headers.install()


class BatchConsumer(driver.Consumer):  # type: ignore[misc]
    """An aiokafka consumer whose unit of delivery, acknowledgement and commit is a `Batch`."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._due = Due[TP]()
        self._in_hand: Batch | None = None

    def _new_consumer_thread(self) -> ConsumerThread:
        return ConsumerThread(self, loop=self.loop, beacon=self.beacon)

    # -- reading ----------------------------------------------------------------------------

    async def _drain_messages(self, fetcher: Any) -> None:
        try:
            while not (self.should_stop or fetcher.should_stop):
                if batch := await self._poll():
                    await self._deliver(batch)
        except (asyncio.CancelledError, *self.consumer_stopped_errors):
            if not self.transport.app.should_stop:
                raise

    async def _poll(self) -> Batch | None:
        if not self.flow_active:
            await self.wait(self.can_resume_flow)
        if not (active := self._get_active_partitions()):
            await asyncio.sleep(UNASSIGNED_S)
            return None
        polled = await self._thread.poll(active, QUIET_S)
        if self.should_stop or not polled:
            return None
        if not self.flow_active:  # fetched into a rebalance: they will be read again
            await self.perform_seek()
            return None
        mine = {TP(*tp): rs for tp, rs in polled.items() if rs and tp in active}
        ends = {tp: records[-1].offset + 1 for tp, records in mine.items()}
        found = [record for records in mine.values() for record in records]
        if len(found) >= self.app.conf.broker_max_poll_records:
            hit(Bound.POLL)
        return Batch(found, ends, mine) if found else None

    async def _deliver(self, batch: Batch) -> None:
        """Give the batch to the agent and wait until it is settled or taken away."""
        self._in_hand = batch
        given = asyncio.ensure_future(self._give(batch))
        # A rebalance drops a batch that no agent has taken yet; waiting for it would be for ever.
        taken_away = asyncio.ensure_future(self.suspend_flow.wait())
        try:
            await asyncio.wait({given, taken_away}, return_when=asyncio.FIRST_COMPLETED)
            if given.done():
                given.result()
        finally:
            given.cancel()
            taken_away.cancel()
            self._in_hand = None

    async def _give(self, batch: Batch) -> None:
        await self.callback(self._message(batch))
        await batch.settled.wait()

    def _message(self, batch: Batch) -> ConsumerMessage:
        # Faust wants one coordinate: any partition of the batch will do. Without the generation
        # id it would skip the message without a word.
        tp, end = next(iter(batch.next_offsets.items()))
        generation = self.app.consumer_generation_id
        return ConsumerMessage(
            tp.topic, tp.partition, end - 1, 0.0, 0, [], None, batch, None, 0, 0, tp,
            generation_id=generation,
        )  # fmt: skip

    # -- acknowledging ----------------------------------------------------------------------

    def ack(self, message: ConsumerMessage) -> bool:
        """Note what the batch advanced; called by Faust when the agent acknowledges.

        Faust also acknowledges messages that it skipped (an old generation's): those are not
        `done` and advance nothing.
        """
        if message.acked:
            return False
        message.acked = True
        self._unacked_messages.discard(message)
        if message.value.done:
            self._due.settle(message.value.next_offsets)
        message.value.settled.set()
        if self._waiting_for_ack is not None and not self._waiting_for_ack.done():
            self._waiting_for_ack.set_result(None)
        return bool(message.value.done)

    async def force_commit(self, topics: Any = None, start_new_transaction: bool = True) -> bool:
        """Commit what is due; what could not be committed stays due."""
        due = self._due.pending()
        if not due or not await self._commit_offsets(due):  # leaves out what is not ours any more
            return False
        self._due.committed(due)
        return True

    async def on_partitions_revoked(self, revoked: set[TP]) -> None:
        await super().on_partitions_revoked(revoked)  # waits for the batch in hand and commits
        self._due.revoke(revoked)

    # -- positions --------------------------------------------------------------------------

    async def seek_to_committed(self) -> Mapping[TP, int]:
        """Seek every partition to where its owner says, else to its committed offset.

        Called by Faust on start and after every rebalance. A partition that was never committed
        is sought to its beginning explicitly: its fetch position may already have moved.
        """
        found = {TP(*tp): at for tp, at in (await super().seek_to_committed()).items()}
        beginnings = {TP(*tp): at for tp, at in (await self.earliest_offsets(*found)).items()}
        positions = {tp: beginnings[tp] if at is None else at for tp, at in found.items()}
        if self.transport.owner is not None:
            positions.update(await self.transport.owner(found))
        self._report_gaps(positions, beginnings)
        positions = {tp: max(at, beginnings[tp]) for tp, at in positions.items()}
        await self.seek_wait(positions)
        return positions

    async def rewind(self, positions: Mapping[TP, int]) -> None:
        """Read these partitions again from here; not before what the broker still has."""
        assigned = self.assignment()
        wanted = {tp: at for tp, at in positions.items() if tp in assigned}
        beginnings = await self.earliest_offsets(*wanted)
        await self.seek_wait({tp: max(at, beginnings[tp]) for tp, at in wanted.items()})

    def _report_gaps(self, wanted: Mapping[TP, int], beginnings: Mapping[TP, int]) -> None:
        for tp, at in wanted.items():
            if 0 < at < beginnings[tp]:
                lost = beginnings[tp] - at
                hit(Bound.RETENTION, lost)
                log.error(
                    "%s: retention removed %d unread records from %d", tp, lost, at,
                    topic=tp.topic, partition=tp.partition, offset=at, records=lost,
                )  # fmt: skip

    def unread(self) -> Iterable[TP]:
        """Partitions known to hold records that are not settled; safe from any thread."""
        if (batch := self._in_hand) is not None:
            return list(batch.next_offsets)
        return [tp for tp, (at, end) in self.standing().items() if end > at]

    def uncommitted_s(self) -> float:
        """For how long commits have been due and come to nothing; safe from any thread."""
        return self._due.waited_s()

    def standing(self) -> dict[TP, tuple[int, int]]:
        """Of every partition that is ours, where reading has come to and where it ends, as last
        fetched; equal while that is not known. Safe from any thread."""
        consumer = self._thread._consumer
        if consumer is None:
            return {}
        held = consumer._subscription.subscription
        return {TP(*tp): _position(held, tp) for tp in consumer.assignment() if held}


def _position(subscription: Any, tp: Any) -> tuple[int, int]:
    state = subscription.assignment.state_value(tp)
    if state is None or not state.has_valid_position:
        return 0, 0
    return state.position, state.position if state.highwater is None else state.highwater


class Transport(driver.Transport):  # type: ignore[misc]
    """Installed with `app.transport = Transport(app.conf.broker, app)`."""

    Consumer = BatchConsumer
    owner: Owner | None = None
