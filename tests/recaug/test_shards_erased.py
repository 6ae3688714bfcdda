"""Erased people leave recommend's state; neither replay nor lag brings them back or answers them.

Time is the broker's: one log of happenings in order, of which two topics each hold a part, read at
different speeds by a worker that crashes, over a store that is wiped.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

import orjson
from hypothesis import given, settings
from hypothesis import strategies as st

from recaug.erase import Erasures
from recaug.fold import Work
from recaug.history import History
from recaug.settings import Settings
from recaug.shards import Shards
from recaug.state import REFUSED
from recaug.state.memory import MemoryStore

CONFIG = Settings(history=30, resend_window=1000)
PEOPLE = ("ann", "bob", "cid")
START_MS = 1_764_000_000_000

EVENT, ERASE = "event", "erase"
happenings = st.lists(
    st.tuples(st.sampled_from([EVENT, EVENT, EVENT, ERASE]), st.sampled_from(PEOPLE)), max_size=20
)
steps = st.sampled_from(["on", "on", "on", "crash before storing", "crash after", "wipe"])
plans = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 3), steps), max_size=12)
Happening = tuple[str, str]


@dataclass(frozen=True)
class Logged:
    """A record as any client gives it, appended at `timestamp`."""

    offset: int
    timestamp: int
    key: bytes
    value: bytes
    headers: Sequence[tuple[str, bytes]] = ()
    partition: int = 0


def click(offset: int, user: str, n: int) -> Logged:
    event = {
        "event": "click", "event_id": f"e{n}", "timestamp": START_MS + n, "user_id": user,
        "item_id": f"i{n}",
    }  # fmt: skip
    return Logged(offset, START_MS + n, user.encode(), orjson.dumps(event))


def document(offset: int, user: str, n: int, consent: bool | None = None) -> Logged:
    told = {"user_id": user, "consent": {"personalization": consent}}
    value = b"" if consent is None else orjson.dumps(told)
    return Logged(offset, START_MS + n, user.encode(), value)


async def items_of(store: MemoryStore, user: str) -> list[str]:
    (kept,) = await store.users(0, [user])
    return History.decode(kept, CONFIG.history).items if kept else []


def asked(work: Sequence[Work]) -> list[str]:
    return [request.event["event_id"] for part in work for request in part.requests]


async def started(store: MemoryStore, erasures: Erasures | None = None) -> Shards:
    shards = Shards(CONFIG, store, erasures)
    await shards.assign({0: None})
    return shards


async def take(
    shards: Shards, events: Sequence[Logged] = (), documents: Sequence[Logged] = ()
) -> list[str]:
    work = await shards.take({0: events}, {0: documents}, START_MS)
    await shards.store(work)
    return asked(work)


async def test_an_answer_under_way_in_the_batch_of_the_null_is_not_given() -> None:
    store = MemoryStore()
    shards = await started(store)
    assert await take(shards, [click(0, "ann", 0)]) == ["e0"]
    batch = [click(1, "ann", 1), click(2, "bob", 2), click(3, "ann", 5)]
    assert await take(shards, batch, [document(0, "ann", 4)]) == ["e2", "e5"]
    assert await items_of(store, "ann") == ["i5"]  # a new person
    assert await items_of(store, "bob") == ["i2"]


async def test_events_that_lag_behind_the_null_have_no_effect() -> None:
    store = MemoryStore()
    shards = await started(store)
    assert await take(shards, documents=[document(0, "ann", 9)]) == []
    assert await take(shards, [click(n, "ann", n) for n in range(8, 12)]) == ["e10", "e11"]
    assert await items_of(store, "ann") == ["i10", "i11"]


async def test_a_worker_that_starts_knows_older_nulls_from_whoever_read_them() -> None:
    store, erasures = MemoryStore(), Erasures()
    erasures.erase("ann", START_MS + 9)
    shards = await started(store, erasures)
    assert await take(shards, [click(0, "ann", 8), click(1, "ann", 10)]) == ["e10"]


async def test_a_null_read_again_does_not_erase_who_came_back() -> None:
    store = MemoryStore()
    await take(await started(store), documents=[document(0, "ann", 3)])
    await take(await started(store), [click(0, "ann", 5)])
    await take(await started(store), documents=[document(0, "ann", 3)])
    assert await items_of(store, "ann") == ["i5"]


async def test_the_refusal_of_the_erased_goes_with_them() -> None:
    store = MemoryStore()
    shards = await started(store)
    await take(shards, documents=[document(0, "ann", 0, consent=False)])
    await take(shards, [click(0, "ann", 2)], [document(1, "ann", 1)])
    assert await items_of(store, "ann") == ["i2"]
    await take(shards, [click(1, "ann", 5)], [document(2, "ann", 3), document(3, "ann", 4, False)])
    assert await store.users(0, ["ann"]) == [REFUSED]


# -- any order of reading, crashes and wipes -------------------------------------------------------


@dataclass
class World:
    """A recommend worker that keeps dying, its store, and the two topics it reads."""

    made: list[Happening]
    documents_lead: bool
    store: MemoryStore = field(default_factory=MemoryStore)
    events_at: int = 0
    documents_at: int = 0
    documents_read: int = 0
    committed: tuple[int | None, int] = (None, 0)
    answered: set[str] = field(default_factory=set)
    shards: Shards = field(init=False)

    def __post_init__(self) -> None:
        at = list(enumerate(self.made))
        clicks = [(n, user) for n, (what, user) in at if what == EVENT]
        nulls = [(n, user) for n, (what, user) in at if what == ERASE]
        self.events = [click(o, user, n) for o, (n, user) in enumerate(clicks)]
        self.documents = [document(o, user, n) for o, (n, user) in enumerate(nulls)]

    async def start(self) -> None:
        """As `streams.recommend` does: the store says whence, and the follower, which reads to the
        end before anything else is read, knows at least the nulls that were read once before."""
        erasures = Erasures()
        for null in self.documents:
            if self.documents_lead or null.offset < self.documents_read:
                erasures.erase(null.key.decode(), null.timestamp)
        self.shards = Shards(CONFIG, self.store, erasures)
        found = await self.shards.assign({0: self.committed[0]})
        self.events_at = found[0] or 0
        self.documents_at = 0 if found[0] is None else self.committed[1]

    async def batch(self, events: int, documents: int, then: str = "on") -> None:
        more = self.events[self.events_at : self.events_at + events]
        until = self.documents_at + documents
        while self.documents_lead and more and until < len(self.documents):
            if self.documents[until].timestamp > more[-1].timestamp:
                break
            until += 1
        read = self.documents[self.documents_at : until]
        self.documents_read = max(self.documents_read, until)
        work = await self.shards.take({0: more}, {0: read} if read else {}, START_MS)
        self.answered |= set(asked(work))
        if then == "crash before storing":
            return await self.start()
        await self.shards.store(work)
        if then == "crash after":
            return await self.start()
        self.events_at += len(more)
        self.documents_at += len(read)
        self.committed = self.events_at, self.documents_at
        return None

    async def run(self, plan: Sequence[tuple[int, int, str]]) -> dict[str, list[str]]:
        await self.start()
        for events, documents, then in plan:
            if then == "wipe":
                self.store._partitions.clear()
                await self.start()
            await self.batch(events, documents, then)
        await self.batch(len(self.events), len(self.documents))
        return {user: await items_of(self.store, user) for user in PEOPLE}

    def remembered(self) -> dict[str, list[str]]:
        since = dict.fromkeys(PEOPLE, -1)
        for n, (what, user) in enumerate(self.made):
            since[user] = n if what == ERASE else since[user]
        at = list(enumerate(self.made))
        return {
            user: [f"i{n}" for n, made in at if made == (EVENT, user) and n > since[user]]
            for user in PEOPLE
        }


@settings(max_examples=300, deadline=None)
@given(happenings, plans)
def test_state_is_the_log_without_what_was_erased(
    made: list[Happening], plan: list[tuple[int, int, str]]
) -> None:
    world = World(made, documents_lead=True)
    assert asyncio.run(world.run(plan)) == world.remembered()
    kept = {item[1:] for items in world.remembered().values() for item in items}
    assert {event_id[1:] for event_id in world.answered} >= kept


@settings(max_examples=300, deadline=None)
@given(happenings, plans)
def test_nobody_comes_back_whichever_topic_is_read_first(
    made: list[Happening], plan: list[tuple[int, int, str]]
) -> None:
    """Nulls that are late may take a little more with them, of these users and no others."""
    world = World(made, documents_lead=False)
    found, wanted = asyncio.run(world.run(plan)), world.remembered()
    for user in PEOPLE:
        assert found[user] == wanted[user][len(wanted[user]) - len(found[user]) :]
        assert found[user] == wanted[user] or (ERASE, user) in made
