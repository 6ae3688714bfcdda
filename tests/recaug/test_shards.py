"""Whatever crashes, wipes and replays happen, state is the log folded once, answers once each."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recaug.fold import Work
from recaug.history import History
from recaug.settings import Settings
from recaug.shards import Shards
from recaug.state import REFUSED, Change, PartitionState, StoreUnavailable
from recaug.state.memory import MemoryStore

NOW_MS = 1_764_000_000_000.0
CONFIG = Settings(history=5, resend_window=1000)


@dataclass(frozen=True)
class Logged:
    """A record of the log as any client would give it."""

    partition: int
    offset: int
    key: bytes | None
    value: bytes
    headers: Sequence[tuple[str, bytes]]
    timestamp: int = int(NOW_MS)


class Unplugged(MemoryStore):
    """The memory store with a plug to pull."""

    def __init__(self) -> None:
        super().__init__(ids=1000)
        self.plugged = True

    def _check(self) -> None:
        if not self.plugged:
            raise StoreUnavailable("the store", "somebody pulled the plug", "plug it in")

    async def load(self, partition: int) -> PartitionState:
        self._check()
        return await super().load(partition)

    async def users(self, partition: int, keys: Sequence[str]) -> list[bytes | None]:
        self._check()
        return await super().users(partition, keys)

    async def apply(self, partition: int, change: Change) -> None:
        self._check()
        await super().apply(partition, change)


def click(offset: int, user: str, item: str, event_id: str = "", src: int | None = None) -> Logged:
    event = {
        "event": "click",
        "event_id": event_id or f"e{offset}",
        "timestamp": int(NOW_MS) + offset,
        "user_id": user,
        "item_id": item,
    }
    source = f"clickstream:0:{offset if src is None else src}".encode()
    return Logged(0, offset, user.encode(), orjson.dumps(event), [("src", source)])


def profile(offset: int, user: str, document: dict[str, Any] | None) -> Logged:
    value = b"" if document is None else orjson.dumps(document)
    return Logged(0, offset, user.encode(), value, [])


async def step(shards: Shards, *records: Logged) -> list[Work]:
    work = await shards.take({0: records}, {}, NOW_MS)
    await shards.store(work)
    return work


def asked(work: Sequence[Work]) -> list[str]:
    return [request.event["event_id"] for part in work for request in part.requests]


async def items_of_user(store: MemoryStore, user: str) -> list[str]:
    (kept,) = await store.users(0, [user])
    return History.decode(kept, CONFIG.history).items if kept else []


async def test_an_event_is_folded_and_asked_about_with_itself_in_the_history() -> None:
    store = MemoryStore()
    shards = Shards(CONFIG, store)
    assert await shards.assign({0: None}) == {0: None}
    work = await step(shards, click(0, "ann", "a"), click(1, "ann", "b"))
    shown = [request.history.items for request in work[0].requests if request.history]
    assert shown == [["a"], ["a", "b"]]
    assert await items_of_user(store, "ann") == ["a", "b"]
    assert (await store.load(0)).next_offset == 2


async def test_a_replayed_source_and_a_resent_id_have_no_effect() -> None:
    store = MemoryStore()
    shards = Shards(CONFIG, store)
    await shards.assign({0: None})
    work = await step(
        shards,
        click(0, "ann", "a"),
        click(1, "ann", "a", event_id="e0", src=0),  # clean crashed and wrote it again
        click(2, "ann", "z", event_id="e0", src=7),  # the client sent the id again
        click(3, "ann", "b"),
    )
    assert asked(work) == ["e0", "e3"]
    assert await items_of_user(store, "ann") == ["a", "b"]


async def test_the_store_decides_where_to_read_and_the_group_what_to_answer() -> None:
    store = MemoryStore()
    first = Shards(CONFIG, store)
    await first.assign({0: None})
    await step(first, click(0, "ann", "a"))
    # Crash: the group had committed 3, the store says 1.
    second = Shards(CONFIG, store)
    assert await second.assign({0: 3}) == {0: 1}
    work = await step(second, *(click(n, "ann", f"i{n}") for n in range(1, 5)))
    assert asked(work) == ["e3", "e4"]
    assert await items_of_user(store, "ann") == ["a", "i1", "i2", "i3", "i4"]


async def test_without_the_store_events_are_answered_at_once_and_folded_later() -> None:
    store = Unplugged()
    shards = Shards(CONFIG, store)
    await shards.assign({0: None})
    await step(shards, click(0, "ann", "a"))
    store.plugged = False
    work = await step(shards, click(1, "ann", "b"))
    assert asked(work) == ["e1"]
    assert work[0].requests[0].history is None
    assert shards.broken
    assert await shards.recover() is None
    store.plugged = True
    assert await shards.recover() == {0: 1}
    again = await step(shards, click(1, "ann", "b"), click(2, "ann", "c"))
    assert asked(again) == ["e2"]
    assert await items_of_user(store, "ann") == ["a", "b", "c"]


async def test_another_workers_change_is_never_written_over() -> None:
    store = MemoryStore()
    mine, theirs = Shards(CONFIG, store), Shards(CONFIG, store)
    await mine.assign({0: None})
    await theirs.assign({0: None})
    await step(theirs, click(0, "ann", "a"), click(1, "ann", "b"))
    await step(mine, click(0, "ann", "a"))
    assert mine.broken
    assert (await store.load(0)).next_offset == 2
    assert await mine.recover() == {0: 2}


async def test_who_refuses_a_personal_list_has_no_history() -> None:
    store = MemoryStore()
    shards = Shards(CONFIG, store)
    await shards.assign({0: None})
    await step(shards, click(0, "ann", "a"))
    refusal = {"user_id": "ann", "consent": {"personalization": False}}
    await shards.store(await shards.take({}, {0: [profile(0, "ann", refusal)]}, NOW_MS))
    assert await store.users(0, ["ann"]) == [REFUSED]
    (work,) = await step(shards, click(1, "ann", "b"))
    assert [(r.consent, r.history) for r in work.requests] == [(False, None)]
    assert await store.users(0, ["ann"]) == [REFUSED]
    again = {"user_id": "ann", "consent": {"personalization": True}}
    await shards.store(await shards.take({}, {0: [profile(1, "ann", again)]}, NOW_MS))
    await step(shards, click(2, "ann", "c"))
    assert await items_of_user(store, "ann") == ["c"]


async def test_an_erased_user_is_forgotten() -> None:
    store = MemoryStore()
    shards = Shards(CONFIG, store)
    await shards.assign({0: None})
    await step(shards, click(0, "ann", "a"))
    await shards.store(await shards.take({}, {0: [profile(0, "ann", None)]}, NOW_MS))
    assert await store.users(0, ["ann"]) == [None]


# -- any order of faults --------------------------------------------------------------------------

FAULTS = st.sampled_from(
    ["batch", "batch", "batch", "crash before storing", "crash before committing", "unplug",
     "plug", "wipe"]
)  # fmt: skip


@dataclass
class World:
    """A log, a store, the group's committed offset, and one worker that keeps dying."""

    log: list[Logged]
    store: Unplugged = field(default_factory=Unplugged)
    committed: int | None = None
    position: int = 0
    answered: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    shards: Shards = field(init=False)

    async def start(self) -> None:
        self.shards = Shards(CONFIG, self.store)
        found = await self.shards.assign({0: self.committed})
        self.position = found[0] or 0

    async def batch(self, size: int, until: str = "committed") -> None:
        if self.shards.broken:
            found = await self.shards.recover()
            if found is not None:
                self.position = found[0] or 0
                return None
        records = self.log[self.position : self.position + size]
        work = await self.shards.take({0: records}, {}, NOW_MS)
        for event_id in asked(work):
            self.answered[event_id] += 1
        if until == "answered":
            return await self.start()
        await self.shards.store(work)
        if until == "stored":
            return await self.start()
        self.position += len(records)
        self.committed = max(self.committed or 0, self.position)
        return None

    async def fault(self, name: str) -> None:
        acts: dict[str, Callable[[], Awaitable[None]]] = {
            "batch": lambda: self.batch(3),
            "crash before storing": lambda: self.batch(3, "answered"),
            "crash before committing": lambda: self.batch(3, "stored"),
            "unplug": lambda: self._plug(False),
            "plug": lambda: self._plug(True),
            "wipe": self._wipe,
        }
        await acts[name]()

    async def _plug(self, plugged: bool) -> None:
        self.store.plugged = plugged

    async def _wipe(self) -> None:
        self.store._partitions.clear()


def a_log(items: Sequence[int]) -> list[Logged]:
    return [click(n, f"u{item % 3}", f"i{item}") for n, item in enumerate(items)]


@settings(max_examples=300, deadline=None)
@given(st.lists(st.integers(0, 9), min_size=1, max_size=25), st.lists(FAULTS, max_size=30))
def test_every_event_is_answered_and_its_effect_is_there_once(
    items: list[int], faults: list[str]
) -> None:
    async def live() -> None:
        world = World(a_log(items))
        await world.start()
        for fault in faults:
            await world.fault(fault)
        world.store.plugged = True
        for _ in range(2 * len(items) + 4):
            await world.batch(3)
        assert not world.shards.broken
        assert set(world.answered) == {f"e{n}" for n in range(len(items))}
        for user in ("u0", "u1", "u2"):
            expected = History(CONFIG.history)
            for record in world.log:
                event = orjson.loads(record.value)
                if event["user_id"] == user:
                    expected.fold(event)
            assert await items_of_user(world.store, user) == expected.items

    asyncio.run(live())


@pytest.mark.parametrize("faults", [["unplug", "batch", "batch", "plug"], ["batch", "wipe"]])
async def test_the_store_away_or_wiped_answers_nothing_twice(faults: list[str]) -> None:
    world = World(a_log(range(9)))
    await world.start()
    for fault in faults:
        await world.fault(fault)
    for _ in range(12):
        await world.batch(3)
    assert set(world.answered.values()) == {1}
    assert len(world.answered) == 9


def superseded(work: Sequence[Work]) -> dict[str, list[int]]:
    """Answered event to the offsets of the older ones that its answer stands for."""
    return {r.event["event_id"]: [*r.supersedes] for part in work for r in part.requests}


BATCH = [
    click(0, "ann", "a"),
    click(1, "bob", "b"),
    click(2, "ann", "c"),
    click(3, "ann", "d"),
]
EACH: dict[str, list[int]] = {"e0": [], "e1": [], "e2": [], "e3": []}
NEWEST = {"e1": [], "e3": [0, 2]}


@pytest.mark.parametrize(
    ("mode", "late_ms", "expected"),
    [
        ("never", 60_000, EACH),
        ("always", 0, NEWEST),
        ("behind", 2_000, EACH),
        ("behind", 2_001, NEWEST),
    ],
)
async def test_behind_one_answer_stands_for_older_events_of_its_user(
    mode: str, late_ms: int, expected: dict[str, list[int]]
) -> None:
    store = MemoryStore()
    config = CONFIG.model_copy(update={"coalesce": mode})
    shards = Shards(config, store)
    await shards.assign({0: None})
    work = await shards.take({0: BATCH}, {}, NOW_MS + late_ms)
    await shards.store(work)
    assert superseded(work) == expected
    assert await items_of_user(store, "ann") == ["a", "c", "d"], "each is folded all the same"
    newest = next(r for r in work[0].requests if r.event["event_id"] == "e3")
    assert newest.history is not None
    assert newest.history.items == ["a", "c", "d"]


async def test_only_an_event_that_is_answered_stands_for_others() -> None:
    shards = Shards(CONFIG.model_copy(update={"coalesce": "always"}), MemoryStore())
    await shards.assign({0: 3})  # all but the last were answered before a wipe
    work = await shards.take({0: BATCH}, {}, NOW_MS)
    assert superseded(work) == {"e3": []}


async def test_what_another_worker_took_over_is_let_go() -> None:
    shards = Shards(CONFIG, MemoryStore())
    assert await shards.assign({0: None, 1: None}) == {0: None, 1: None}
    assert await shards.assign({1: None}) == {1: None}
