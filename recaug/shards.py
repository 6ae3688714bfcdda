"""recommend's state: which events of the log are new, what they change, which are to be answered.

Two positions per partition, each with one meaning:

    stored     everything below this offset is in the store; the store itself says so
    answered   everything below this offset was answered before; the group's committed offset

They differ after the store was away (answered without state, to be folded later) or was wiped
(folded again from the log, not answered again). A record is folded when it is not stored yet and
answered when it is not answered yet; each at most once, whatever is read again.

What a user did before a null on `recaug.users` is neither folded nor answered from then on, in
whichever order the two topics are read.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from recaug.collect import LogRecord, source_of
from recaug.erase import Erasures
from recaug.events import user_key
from recaug.fold import Fold, Work, owner
from recaug.settings import Settings
from recaug.state import Change, Conflict, PartitionState, Store, StoreUnavailable
from recaug.windows import IdWindow, SourceWindow

log = logging.getLogger(__name__)

#: A record and the event in it.
New = tuple[LogRecord, dict[str, Any]]


@dataclass(slots=True)
class Shard:
    """What a worker holds about one partition it owns."""

    state: PartitionState
    answered: int


class Shards:
    """The partitions of one worker. Call `take`, publish the answers, then `store`.

    When the store is away or another worker's change is found in it, `broken` is set: answers go
    on from popularity, and `recover` says from where the log is to be read again.
    """

    def __init__(self, settings: Settings, store: Store, erasures: Erasures | None = None) -> None:
        """
        :param erasures: where erasures are noted; another thread may know of them earlier.
        """
        self._settings = settings
        self._store = store
        self._erasures = Erasures() if erasures is None else erasures
        self._shards: dict[int, Shard] = {}
        self.broken = False

    @property
    def answered(self) -> dict[int, int]:
        """By partition of this worker's: everything below this offset was answered before."""
        return {number: shard.answered for number, shard in self._shards.items()}

    # -- ownership ----------------------------------------------------------------------------

    async def assign(self, committed: Mapping[int, int | None]) -> dict[int, int | None]:
        """Take over partitions; where to read each from, None meaning its beginning."""
        # All of them, so what is not named belongs to another worker now.
        self._shards = {
            number: Shard(_empty(self._settings), answered or 0)
            for number, answered in committed.items()
        }
        try:
            return await self._load()
        except StoreUnavailable as away:
            self._break(str(away))
            return {number: answered or None for number, answered in committed.items()}

    async def recover(self) -> dict[int, int | None] | None:
        """Try the store again; where to read each partition from, or None when it is still away."""
        try:
            positions = await self._load()
        except StoreUnavailable:
            return None
        log.warning("the store is back: folding from %s", positions)
        self.broken = False
        return positions

    async def _load(self) -> dict[int, int | None]:
        numbers = list(self._shards)
        for number, state in zip(
            numbers, await asyncio.gather(*map(self._store.load, numbers)), strict=True
        ):
            shard = self._shards[number]
            shard.state = state
            shard.answered = max(shard.answered, state.next_offset or 0)
        return {number: shard.state.next_offset for number, shard in self._shards.items()}

    def _break(self, why: str) -> None:
        if not self.broken:
            log.error("answering from popularity until the store is right again: %s", why)
        self.broken = True

    # -- a batch ------------------------------------------------------------------------------

    async def take(
        self,
        events: Mapping[int, Sequence[LogRecord]],
        profiles: Mapping[int, Sequence[LogRecord]],
        received_ms: float,
    ) -> list[Work]:
        """Fold a batch in memory. Nothing is stored yet.

        :param events: records of `recaug.events` by partition, in offset order.
        :param profiles: records of `recaug.users` by partition; the value None erases.
        """
        numbers = sorted({*events, *profiles})
        for records in profiles.values():
            self._note_erased(records)
        new = {number: self._new(number, events.get(number, ())) for number in numbers}
        # All are asked for at once, so that nothing is worked out while an answer waits.
        known = await asyncio.gather(
            *(self._ask(number, new[number], profiles.get(number, ())) for number in numbers)
        )
        return [
            self._work(number, events.get(number, ()), new[number], profiles.get(number, ()),
                       received_ms, found)
            for number, found in zip(numbers, known, strict=True)
        ]  # fmt: skip

    def _note_erased(self, profiles: Sequence[LogRecord]) -> None:
        for record in profiles:
            if not record.value:
                self._erasures.erase(owner(record), record.timestamp)

    async def _ask(
        self, number: int, new: Sequence[New], profiles: Sequence[LogRecord]
    ) -> dict[str, bytes | None] | None:
        """State of everybody in a batch; None where the store is away."""
        if self.broken:
            return None
        try:
            users = {user_key(event) for _, event in new}
            return await self._known(number, {*users, *map(owner, profiles)})
        except StoreUnavailable as away:
            self._break(str(away))
            return None

    def _work(
        self,
        number: int,
        events: Sequence[LogRecord],
        new: Sequence[New],
        profiles: Sequence[LogRecord],
        received_ms: float,
        known: dict[str, bytes | None] | None,
    ) -> Work:
        batch = Fold(self._settings, number, self._shards[number].answered, received_ms, known)
        if known is not None:
            profiles = self._unread(number, profiles)
            batch.erase(profiles)
        batch.run(new, [user_key(event) for _, event in new])
        if known is not None:
            batch.profiles(profiles)
        work = batch.work
        if events:
            work.next_offset = work.answered = events[-1].offset + 1
        return work

    def _new(self, number: int, records: Sequence[LogRecord]) -> list[New]:
        state, found = self._shards[number].state, []
        stored = state.next_offset or 0
        for record in records:
            if record.offset < stored:
                continue
            source, offset = source_of(record)
            event = orjson.loads(record.value)
            if state.sources.seen(source, offset):
                continue
            state.sources.mark(source, offset)
            if not state.ids.add(event["event_id"]):
                continue
            if not self._erasures.covers(user_key(event), record.timestamp):
                found.append((record, event))
        return found

    def _unread(self, number: int, profiles: Sequence[LogRecord]) -> list[LogRecord]:
        """Those not stored yet: an erasure read again must not undo what came after it."""
        sources, found = self._shards[number].state.sources, []
        topic = f"{self._settings.topics.clean_users.name}:{number}"
        for record in profiles:
            if not sources.seen(topic, record.offset):
                sources.mark(topic, record.offset)
                found.append(record)
        return found

    async def _known(self, number: int, users: set[str]) -> dict[str, bytes | None]:
        keys = sorted(users)
        if not keys:
            return {}
        return dict(zip(keys, await self._store.users(number, keys), strict=True))

    async def store(self, work: Sequence[Work]) -> None:
        """Make a batch's effect durable; call it once its answers are."""
        for part in work:
            shard = self._shards[part.number]
            shard.answered = max(shard.answered, part.answered)
        if not self.broken:
            await asyncio.gather(*(self._store_one(part) for part in work))

    async def _store_one(self, part: Work) -> None:
        state = self._shards[part.number].state
        expected = state.next_offset
        after = max(part.next_offset or 0, expected or 0)
        change = Change(expected, after, part.users, state.sources.delta(), state.ids.added())
        try:
            await self._store.apply(part.number, change)
            state.next_offset = after
        except (StoreUnavailable, Conflict) as trouble:
            self._break(str(trouble))


def _empty(settings: Settings) -> PartitionState:
    return PartitionState(None, SourceWindow(), IdWindow(settings.resend_window))
