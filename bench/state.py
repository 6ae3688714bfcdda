"""User state: writing a batch of 500 events, and what a user costs in memory.

Ours is one call of `apply`: 500 users' histories, the duplicate windows and the position in the
log, all or nothing, in one round trip. *One command per event* awaits a `SET` of the same bytes for
each event on the same client and server, and keeps neither windows nor position. The memory adapter
is the store without a server. Bytes per user are the server's `used_memory` before and after, with
50 events each.
"""

from __future__ import annotations

import asyncio
import random
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import redis.asyncio

from bench.progress import say
from bench.result import Result
from recaug.history import History
from recaug.local.redis import LocalRedis
from recaug.settings import Settings
from recaug.state import Change, Store, open_store
from recaug.windows import IdWindow, SourceWindow

EVENTS, BATCH, PARTITIONS = 50, 500, 4
#: Users written at once while the store is filled.
FILL = 2_000
TTL_MS = 30 * 86_400_000
#: A shop's item ids.
SHOP = [f"sku-{n}" for n in range(10_000, 20_000)]


def run(quick: bool) -> Iterator[Result]:
    """Rounds in turn on one server of its own, then filling it."""
    rounds, users = (10, 20_000) if quick else (50, 100_000)
    with tempfile.TemporaryDirectory(prefix="recaug-bench-") as name:
        server = LocalRedis(Path(name) / "redis")
        try:
            yield from asyncio.run(_run(server.start(), rounds, users))
        finally:
            server.stop()


async def _run(url: str, rounds: int, users: int) -> list[Result]:
    times = await _times(url, rounds)
    config = {"batch": BATCH, "users": BATCH, "events_each": EVENTS, "rounds": rounds}
    kept = states(random.Random(1), BATCH)
    shared = {**config, "bytes_each": len(kept[0])}
    return [
        Result.of_times(
            "state", times["redis"], "one command per event", times["single"], "ms",
            store="redis", **shared,
        ),
        Result.of_times(
            "state", times["memory"], "redis apply", times["redis"], "ms", store="memory", **shared
        ),
        await _bytes(url, users),
    ]  # fmt: skip


async def _times(url: str, rounds: int) -> dict[str, list[float]]:
    stored, held = open_store(Settings(redis=url)), open_store(Settings(redis=""))
    client = redis.asyncio.Redis.from_url(url)
    found: dict[str, list[float]] = {"redis": [], "single": [], "memory": []}
    writers = _Writer(stored), _Writer(held)
    for number in range(rounds):
        batch = states(random.Random(number), BATCH)
        turns = {
            "redis": writers[0].apply(batch),
            "single": _single(client, batch),
            "memory": writers[1].apply(batch),
        }
        for name, work in turns.items():
            began = time.perf_counter()
            await work
            found[name].append(1000 * (time.perf_counter() - began))
    for opened in (stored, held):
        await opened.close()
    await client.aclose()
    return found


class _Writer:
    """One partition of a store, written batch after batch as the service does."""

    def __init__(self, store: Store) -> None:
        self._store, self._offset = store, 0
        self._sources, self._ids = SourceWindow(), IdWindow()

    async def apply(self, batch: Sequence[bytes]) -> None:
        first, expected = self._offset, self._offset or None
        for n in range(first, first + len(batch)):
            self._sources.mark(f"clickstream:{n % PARTITIONS}", n // PARTITIONS)
            self._ids.add(f"e{n}")
        self._offset += len(batch)
        users = {f"user-{n:06d}": state for n, state in enumerate(batch)}
        change = Change(expected, self._offset, users, self._sources.delta(), self._ids.added())
        await self._store.apply(0, change)


async def _single(client: Any, batch: Sequence[bytes]) -> None:
    for n, state in enumerate(batch):
        await client.set(f"single:{{0}}:u:user-{n:06d}", state, px=TTL_MS)


async def _bytes(url: str, users: int) -> Result:
    settings = Settings(redis=url, prefix="bytes.")
    client, store = redis.asyncio.Redis.from_url(url), open_store(settings)
    before = await _used(client)
    say(f"storing {users:,} users with {EVENTS} events each")
    await fill(store, users, EVENTS)
    each = (await _used(client) - before) / users
    value = await client.strlen(await client.randomkey() or b"")
    allocator = (await client.info("memory"))["mem_allocator"]
    await store.close()
    await client.aclose()
    return Result.alone(
        "state", [each], "MB/million users", store="redis", users=users, events_each=EVENTS,
        bytes_of_a_value=value, allocator=allocator,
    )  # fmt: skip


async def fill(store: Store, users: int, events: int) -> None:
    """Give users `user-000000` … a history in a store that holds nothing yet."""
    chance = random.Random(0)
    positions: dict[int, int | None] = dict.fromkeys(range(PARTITIONS))
    for first in range(0, users, FILL):
        number, size = first // FILL % PARTITIONS, min(FILL, users - first)
        some = states(chance, size, events)
        named = {f"user-{first + n:06d}": state for n, state in enumerate(some)}
        after = (positions[number] or 0) + size
        await store.apply(number, Change(positions[number], after, named))
        positions[number] = after


async def _used(client: Any) -> int:
    return int((await client.info("memory"))["used_memory"])


def states(
    chance: random.Random, count: int, events: int = EVENTS, ids: Sequence[str] = SHOP
) -> list[bytes]:
    """Encoded histories of a week: visits of ten events, half a minute apart."""
    return [_history(chance, events, ids).encode() for _ in range(count)]


def _history(chance: random.Random, events: int, ids: Sequence[str]) -> History:
    at_ms, times = 1_764_000_000_000, []
    for n in range(events):
        at_ms += chance.randrange(5_000, 60_000) if n % 10 else chance.randrange(10**7, 2 * 10**8)
        times.append(at_ms)
    items, kinds = chance.choices(ids, k=events), chance.choices(range(1, 6), k=events)
    return History(events, items, kinds, times)
