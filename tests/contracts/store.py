"""What every user-state store promises. Inherit `StoreContract` and give it an `opening`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recaug.state import Change, Conflict, Store
from recaug.windows import IdWindow, SourceWindow, digest

Opening = Callable[[], Store]

#: Event ids the stores under test remember.
IDS = 10

KEYS = ["u1", "u 2", "ü", "{u}", "u\n5", "u:*", "0"]

STEPS = ["deliver", "apply", "crash", "zombie"]


class StoreContract:
    """Needs a class- or wider-scoped fixture `opening`: a new, empty store that keeps `IDS` ids."""

    @pytest.fixture
    async def store(self, opening: Opening) -> AsyncIterator[Store]:
        opened = opening()
        yield opened
        await opened.close()

    async def test_knows_nothing_at_first(self, store: Store) -> None:
        await store.ping()
        state = await store.load(0)
        assert state.next_offset is None
        assert not state.sources.seen("clickstream:0", 0)
        assert not state.ids.seen("e0")
        assert await store.users(0, ["u1", "u2"]) == [None, None]
        assert await store.users(0, []) == []

    async def test_keeps_a_whole_change(self, store: Store) -> None:
        sources, ids = SourceWindow(), IdWindow(IDS)
        sources.mark("clickstream:0", 70_123)
        ids.add("e7")
        users = {key: key.encode() for key in KEYS}
        await store.apply(0, Change(None, 8, users, sources.delta(), ids.added()))
        state = await store.load(0)
        assert state.next_offset == 8
        assert state.sources.snapshot() == sources.snapshot()
        assert state.ids.snapshot() == ids.snapshot()
        assert await store.users(0, [*KEYS, "none", KEYS[0]]) == [
            *users.values(),
            None,
            users[KEYS[0]],
        ]

    async def test_keeps_any_bytes(self, store: Store) -> None:
        values = {
            "all": bytes(range(256)),
            "none": b"",
            "lines": b"\r\n$5\r\n",
            "long": b"x" * 99_999,
        }
        await store.apply(0, Change(None, 1, values))
        assert await store.users(0, list(values)) == list(values.values())

    async def test_forgets_a_user(self, store: Store) -> None:
        await store.apply(0, Change(None, 1, {"u1": b"1", "u2": b"2"}))
        await store.apply(0, Change(1, 2, {"u1": None, "u2": b"two", "u3": None}))
        assert await store.users(0, ["u1", "u2", "u3"]) == [None, b"two", None]

    async def test_partitions_are_apart(self, store: Store) -> None:
        await store.apply(0, Change(None, 5, {"u": b"0"}, ids=[digest("e")]))
        await store.apply(11, Change(None, 9, {"u": b"11"}))
        assert (await store.load(0)).next_offset == 5
        assert (await store.load(11)).next_offset == 9
        assert await store.users(0, ["u"]) == [b"0"]
        assert await store.users(11, ["u"]) == [b"11"]
        assert await store.users(1, ["u"]) == [None]
        assert not (await store.load(11)).ids.seen("e")

    @pytest.mark.parametrize("expected", [None, 4, 6])
    async def test_a_conflict_changes_nothing(self, store: Store, expected: int | None) -> None:
        await store.apply(0, Change(None, 5, {"u": b"first"}))
        marks = SourceWindow()
        marks.mark("clickstream:0", 1)
        change = Change(expected, 7, {"u": b"x", "v": b"x"}, marks.delta(), [digest("e")])
        with pytest.raises(Conflict) as caught:
            await store.apply(0, change)
        assert (caught.value.expected, caught.value.found) == (expected, 5)
        state = await store.load(0)
        assert state.next_offset == 5
        assert not state.ids.seen("e")
        assert not state.sources.seen("clickstream:0", 1)
        assert await store.users(0, ["u", "v"]) == [b"first", None]

    async def test_an_empty_partition_stands_nowhere(self, store: Store) -> None:
        with pytest.raises(Conflict) as caught:
            await store.apply(0, Change(0, 1, {"u": b"x"}))
        assert caught.value.found is None
        assert await store.users(0, ["u"]) == [None]

    async def test_offset_zero_is_a_position(self, store: Store) -> None:
        await store.apply(0, Change(None, 0))
        assert (await store.load(0)).next_offset == 0
        await store.apply(0, Change(0, 1))
        assert (await store.load(0)).next_offset == 1

    async def test_of_racing_workers_one_wins_whole(self, store: Store) -> None:
        racers = [Change(None, n + 1, {"u": b"%d" % n, f"only{n}": b"x"}) for n in range(6)]
        ends = await asyncio.gather(
            *(store.apply(0, change) for change in racers), return_exceptions=True
        )
        (winner,) = (n for n, end in enumerate(ends) if end is None)
        assert sum(isinstance(end, Conflict) for end in ends) == 5
        assert (await store.load(0)).next_offset == winner + 1
        found = await store.users(0, ["u", *(f"only{n}" for n in range(6))])
        assert found == [b"%d" % winner, *(b"x" if n == winner else None for n in range(6))]

    async def test_of_changes_at_once_each_stands_for_itself(self, store: Store) -> None:
        changes = {0: Change(None, 5), 1: Change(3, 5), 2: Change(None, 5, {"u": b"2"})}
        ends = await asyncio.gather(*map(store.apply, *zip(*changes.items(), strict=True)),
                                    return_exceptions=True)  # fmt: skip
        assert [type(end) for end in ends] == [type(None), Conflict, type(None)]
        assert [(await store.load(n)).next_offset for n in changes] == [5, None, 5]
        assert await asyncio.gather(*(store.users(n, ["u"]) for n in changes)) == [
            [None], [None], [b"2"],
        ]  # fmt: skip

    async def test_remembers_the_newest_ids(self, store: Store) -> None:
        expected = None
        for n in range(0, 30, 3):
            await store.apply(
                0, Change(expected, n + 3, ids=[digest(f"e{m}") for m in range(n, n + 3)])
            )
            expected = n + 3
        ids = (await store.load(0)).ids
        assert [n for n in range(30) if ids.seen(f"e{n}")] == list(range(30 - IDS, 30))

    async def test_more_ids_at_once_than_it_keeps(self, store: Store) -> None:
        await store.apply(0, Change(None, 1, ids=[digest(f"e{n}") for n in range(500)]))
        ids = (await store.load(0)).ids
        assert [n for n in range(500) if ids.seen(f"e{n}")] == list(range(500 - IDS, 500))

    async def test_a_large_batch(self, store: Store) -> None:
        sources, users = SourceWindow(), {f"user-{n}": b"%d" % n * 300 for n in range(5_000)}
        for offset in range(5_000):
            sources.mark(f"clickstream:{offset % 7}", offset * 3)
        await store.apply(0, Change(None, 5_000, users, sources.delta()))
        assert await store.users(0, list(users)) == list(users.values())
        assert (await store.load(0)).sources.snapshot() == sources.snapshot()

    async def test_closing_twice_is_harmless(self, opening: Opening) -> None:
        store = opening()
        await store.ping()
        await store.close()
        await store.close()

    def test_effects_are_exactly_once(self, opening: Opening) -> None:
        """Readers that crash, and readers that were replaced and do not know it."""

        @given(st.lists(st.sampled_from(STEPS), max_size=25), st.data())
        @settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
        def read(steps: list[str], data: st.DataObject) -> None:
            log = data.draw(st.lists(st.integers(0, 12), min_size=1, max_size=40))
            asyncio.run(self._closed(opening(), log, steps, data))

        read()

    async def _closed(self, store: Store, log: list[int], steps: list[str], data: Any) -> None:
        try:
            await self._read_through(store, log, steps, data)
        finally:
            await store.close()

    async def _read_through(
        self, store: Store, log: list[int], steps: list[str], data: st.DataObject
    ) -> None:
        reader, zombie = await Reader.start(store, log), await Reader.start(store, log)
        for step in steps:
            if step == "deliver":
                reader.deliver(data.draw(st.integers(1, 6)))
            elif (step == "apply" and not await reader.apply()) or step == "crash":
                reader = await Reader.start(store, log)
            elif step == "zombie":
                zombie.deliver(data.draw(st.integers(1, 6)))
                if not await zombie.apply():
                    zombie = await Reader.start(store, log)
        reader = await Reader.start(store, log)
        reader.deliver(len(log))
        assert await reader.apply()
        (counted,) = await store.users(0, ["count"])
        assert counted is not None
        assert int(counted) == sum(range(1, len(log) + 1)) - repeats(log)


def repeats(log: list[int]) -> int:
    """What the events of `log` that repeat an id still remembered would have added."""
    ids, sum_of_repeats = IdWindow(IDS), 0
    for n, event in enumerate(log):
        if not ids.add(f"e{event}"):
            sum_of_repeats += n + 1
    return sum_of_repeats


class Reader:
    """Adds up positions of events into one user, once per source offset and per event id."""

    def __init__(self, store: Store, log: list[int], state: Any, counted: int) -> None:
        self.store, self.log, self.state, self.counted = store, log, state, counted
        self.position = state.next_offset or 0

    @classmethod
    async def start(cls, store: Store, log: list[int]) -> Reader:
        state = await store.load(0)
        (counted,) = await store.users(0, ["count"])
        return cls(store, log, state, int(counted or b"0"))

    def deliver(self, count: int) -> None:
        for offset in range(self.position, min(len(self.log), self.position + count)):
            if self.state.sources.seen("a:0", offset):
                continue
            self.state.sources.mark("a:0", offset)
            if self.state.ids.add(f"e{self.log[offset]}"):
                self.counted += offset + 1
            self.position = offset + 1

    async def apply(self) -> bool:
        change = Change(
            self.state.next_offset,
            self.position,
            {"count": b"%d" % self.counted},
            self.state.sources.delta(),
            self.state.ids.added(),
        )
        try:
            await self.store.apply(0, change)
        except Conflict:
            return False
        self.state.next_offset = self.position
        return True
