"""recommend's state: which events of the log are new, what they change, which are to be answered.

Two positions per partition, each with one meaning:

    stored     everything below this offset is in the store; the store itself says so
    answered   everything below this offset was answered before; the group's committed offset

They differ after the store was away (answered without state, to be folded later) or was wiped
(folded again from the log, not answered again). A record is folded when it is not stored yet and
answered when it is not answered yet; each at most once, whatever is read again.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import orjson

from recaug.collect import LogRecord, source_of
from recaug.events import user_key
from recaug.history import History
from recaug.message import Request
from recaug.settings import Settings
from recaug.state import Change, Conflict, PartitionState, Store, StoreUnavailable
from recaug.windows import IdWindow, SourceWindow

log = logging.getLogger(__name__)

#: Kept in place of a history for a user who wants no personal list.
REFUSED = b"-"


@dataclass(slots=True)
class Shard:
    """What a worker holds about one partition it owns."""

    state: PartitionState
    answered: int


@dataclass(slots=True)
class Work:
    """One batch's effect on one partition: what to answer now, what to store after that."""

    number: int
    requests: list[Request] = field(default_factory=list)
    users: dict[str, bytes | None] = field(default_factory=dict)
    next_offset: int | None = None
    answered: int = 0


class Shards:
    """The partitions of one worker. Call `take`, publish the answers, then `store`.

    When the store is away or another worker's change is found in it, `broken` is set: answers go
    on from popularity, and `recover` says from where the log is to be read again.
    """

    def __init__(self, settings: Settings, store: Store) -> None:
        self._settings = settings
        self._store = store
        self._shards: dict[int, Shard] = {}
        self.broken = False

    # -- ownership ----------------------------------------------------------------------------

    async def assign(self, committed: Mapping[int, int | None]) -> dict[int, int | None]:
        """Take over partitions; where to read each from, None meaning its beginning."""
        for number, answered in committed.items():
            self._shards[number] = Shard(_empty(self._settings), answered or 0)
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
        jobs = [
            self._work(number, events.get(number, ()), profiles.get(number, ()), received_ms)
            for number in numbers
        ]
        return await asyncio.gather(*jobs)

    async def _work(
        self,
        number: int,
        events: Sequence[LogRecord],
        profiles: Sequence[LogRecord],
        received_ms: float,
    ) -> Work:
        new = self._new(number, events)
        users = [user_key(event) for _, event in new]
        known: dict[str, bytes | None] | None = None
        if not self.broken:
            try:
                known = await self._known(number, {*users, *map(_owner, profiles)})
            except StoreUnavailable as away:
                self._break(str(away))
        batch = _Fold(self._settings, self._shards[number], number, received_ms, known)
        batch.run(new, users)
        if known is not None:
            batch.profiles(profiles)
        work = batch.work
        if events:
            work.next_offset = work.answered = events[-1].offset + 1
        return work

    def _new(
        self, number: int, records: Sequence[LogRecord]
    ) -> list[tuple[LogRecord, dict[str, Any]]]:
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
            if state.ids.add(event["event_id"]):
                found.append((record, event))
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


class _Fold:
    """Folds the new events of one partition; `known` is None while the store is away."""

    def __init__(
        self,
        settings: Settings,
        shard: Shard,
        number: int,
        received_ms: float,
        known: dict[str, bytes | None] | None,
    ) -> None:
        self._settings, self._shard, self._known = settings, shard, known
        self._received_ms = received_ms
        self._histories: dict[str, History | None] = {}
        self.work = Work(number)

    def run(self, new: Sequence[tuple[LogRecord, dict[str, Any]]], users: Sequence[str]) -> None:
        left = Counter(users)
        for (record, event), user in zip(new, users, strict=True):
            left[user] -= 1
            history = self._fold(user, event)
            if record.offset >= self._shard.answered and event["event"] in self._settings.answer:
                # The next event of this user in this batch would change what this one is given.
                shown = _copy(history) if history and left[user] else history
                self._ask(record, event, shown)
        for user, folded in self._histories.items():
            if folded is not None:
                self.work.users[user] = folded.encode()

    def _fold(self, user: str, event: dict[str, Any]) -> History | None:
        if self._known is None or self._known[user] == REFUSED:
            return None
        if user not in self._histories:
            kept, limit = self._known[user], self._settings.history
            self._histories[user] = History.decode(kept, limit) if kept else History(limit)
        history = self._histories[user]
        if history is not None:
            history.fold(event)
        return history

    def _ask(self, record: LogRecord, event: dict[str, Any], history: History | None) -> None:
        refused = self._known is not None and self._known[user_key(event)] == REFUSED
        topic = self._settings.topics.events.name
        times = self._received_ms, not refused, float(record.timestamp)
        self.work.requests.append(
            Request(event, history, topic, record.partition, record.offset, *times)
        )

    def profiles(self, records: Sequence[LogRecord]) -> None:
        """Take in user documents: an erasure, a refusal, or a refusal taken back."""
        for record in records:
            user = _owner(record)
            document = orjson.loads(record.value) if record.value else None
            if document is None:
                self.work.users[user] = None
            elif not (document.get("consent") or {}).get("personalization", True):
                self.work.users[user] = REFUSED
            elif self._refused(user):
                self.work.users[user] = None

    def _refused(self, user: str) -> bool:
        return (self._known or {}).get(user) == REFUSED or self.work.users.get(user) == REFUSED


def _owner(profile: LogRecord) -> str:
    return (profile.key or b"").decode()


def _copy(history: History) -> History:
    return replace(
        history, items=[*history.items], kinds=[*history.kinds], times_ms=[*history.times_ms],
        hidden={**history.hidden},
    )  # fmt: skip


def _empty(settings: Settings) -> PartitionState:
    return PartitionState(None, SourceWindow(), IdWindow(settings.resend_window))
