"""The store in a real Redis, alone and in cluster mode, and what it says when Redis fails."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import time
import uuid
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import redis
import redis.asyncio
from redis.crc import key_slot
from redis.exceptions import ResponseError

from recaug.local.ports import free_port, is_free
from recaug.local.redis import LocalRedis, binary
from recaug.settings import Settings
from recaug.state import REFUSED, Change, Conflict, StoreUnavailable, open_store
from recaug.state.redis import RedisStore
from recaug.windows import SourceWindow, digest
from tests.contracts.store import IDS, Opening, StoreContract


def new_prefix() -> str:
    return f"t{uuid.uuid4().hex[:10]}."


class TestRedisStore(StoreContract):
    @pytest.fixture(scope="class")
    @classmethod
    def opening(cls, redis_url: str) -> Opening:
        return lambda: RedisStore(redis_url, new_prefix(), ids=IDS)


class TestRedisClusterNode(StoreContract):
    """A node in cluster mode refuses any command or script whose keys are in different slots."""

    @pytest.fixture(scope="class")
    @classmethod
    def opening(cls, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Opening]:
        port = cluster_port()
        command = [str(binary()), "--port", str(port), "--cluster-enabled", "yes", "--save", ""]
        directory = tmp_path_factory.mktemp("cluster")
        with subprocess.Popen(
            [*command, "--bind", "127.0.0.1"], cwd=directory, stdout=subprocess.DEVNULL
        ) as process:
            try:
                own_all_slots(port)
                url = f"redis://127.0.0.1:{port}"
                yield lambda: RedisStore(url, new_prefix(), ids=IDS)
            finally:
                process.kill()


def cluster_port() -> int:
    """A free port whose bus port, 10,000 above, is one and free as well."""
    while True:
        port = free_port()
        if port < 55_536 and is_free(port + 10_000):
            return port


def own_all_slots(port: int) -> None:
    with redis.Redis(port=port, retry=patient(), decode_responses=True) as node:
        node.execute_command("CLUSTER", "ADDSLOTS", *range(16_384))
        while "cluster_state:ok" not in node.execute_command("CLUSTER", "INFO"):
            time.sleep(0.05)


def patient() -> redis.retry.Retry:
    return redis.retry.Retry(redis.backoff.ConstantBackoff(0.05), 200)


@pytest.fixture
def prefix() -> str:
    return new_prefix()


@pytest.fixture
async def store(redis_url: str, prefix: str) -> AsyncIterator[RedisStore]:
    opened = RedisStore(redis_url, prefix, ids=IDS)
    yield opened
    await opened.close()


@pytest.fixture
def admin(redis_url: str) -> Iterator[redis.Redis]:
    with redis.Redis.from_url(redis_url) as client:
        yield client


@pytest.fixture
def own(tmp_path: Path) -> Iterator[LocalRedis]:
    """A server a test may break."""
    server = LocalRedis(tmp_path / "redis")
    server.start()
    try:
        yield server
    finally:
        server.stop()


def everything(expected: int | None, next_offset: int) -> Change:
    marks = SourceWindow()
    marks.mark("clickstream:0", next_offset)
    users = {f"u{n}": b"x" for n in range(50)}
    return Change(expected, next_offset, users, marks.delta(), [digest(f"e{next_offset}")])


async def test_keys_of_a_partition_are_in_one_slot(
    store: RedisStore, admin: redis.Redis, prefix: str
) -> None:
    await store.apply(3, everything(None, 1))
    await store.apply(4, everything(None, 1))
    slots = {key: key_slot(key) for key in admin.scan_iter(f"{prefix}*")}
    assert len(slots) == 2 * 52
    assert {slot for key, slot in slots.items() if b"{3}" in key} == {key_slot(b"3")}
    assert {slot for key, slot in slots.items() if b"{4}" in key} == {key_slot(b"4")}


async def test_one_round_trip_each(store: RedisStore, admin: redis.Redis) -> None:
    await store.apply(0, everything(None, 1))
    admin.config_resetstat()
    await store.users(0, [f"u{n}" for n in range(50)])
    await store.apply(0, everything(1, 2))
    calls = {name: stat["calls"] for name, stat in admin.info("commandstats").items()}
    assert calls["cmdstat_mget"] == calls["cmdstat_evalsha"] == 1
    # `set` and the like were called by the script; nothing else came over the wire.
    assert "cmdstat_eval" not in calls
    assert "cmdstat_get" not in calls


async def test_users_expire_and_positions_do_not(
    redis_url: str, admin: redis.Redis, prefix: str
) -> None:
    store = RedisStore(redis_url, prefix, ttl_s=500.0)
    await store.apply(0, everything(None, 1))
    assert 0 < admin.ttl(f"{prefix}{{0}}:u:u7") <= 500
    assert admin.ttl(f"{prefix}{{0}}:state") == admin.ttl(f"{prefix}{{0}}:ids") == -1
    await store.apply(0, Change(1, 2, {"u7": REFUSED}))
    assert (admin.get(f"{prefix}{{0}}:u:u7"), admin.ttl(f"{prefix}{{0}}:u:u7")) == (b"-", -1)
    await store.close()


async def test_a_server_that_lost_its_scripts(store: RedisStore, admin: redis.Redis) -> None:
    await store.apply(0, everything(None, 1))
    admin.script_flush()
    assert (await store.load(0)).next_offset == 1
    admin.script_flush()
    await store.apply(0, everything(1, 2))
    admin.script_flush()
    with pytest.raises(Conflict):
        await store.apply(0, everything(1, 3))


async def test_windows_left_without_a_position_count_for_nothing(
    store: RedisStore, admin: redis.Redis, prefix: str
) -> None:
    await store.apply(0, everything(None, 8))
    admin.hdel(f"{prefix}{{0}}:state", "next")
    state = await store.load(0)
    assert state.next_offset is None
    assert not state.sources.seen("clickstream:0", 8)
    assert not state.ids.seen("e8")
    await store.apply(0, Change(None, 1))
    state = await store.load(0)
    assert not state.sources.seen("clickstream:0", 8)
    assert not state.ids.seen("e8")


async def test_a_full_server_is_unavailable_and_unchanged(own: LocalRedis) -> None:
    store = RedisStore(own.url, "p.")
    await store.apply(0, everything(None, 1))
    with redis.Redis.from_url(own.url) as admin:
        admin.config_set("maxmemory", 1)
        with pytest.raises(StoreUnavailable, match="OOM"):
            await store.apply(0, Change(1, 2, {"u0": b"new"}))
        assert (await store.users(0, ["u0"])) == [b"x"]
        admin.config_set("maxmemory", 0)
    await store.apply(0, Change(1, 2, {"u0": b"new"}))
    assert await store.users(0, ["u0"]) == [b"new"]
    await store.close()


async def test_killed_restarted_and_wiped(own: LocalRedis) -> None:
    store = RedisStore(own.url, "p.")
    await store.apply(0, everything(None, 7))
    own.kill()
    for call in (store.ping(), store.load(0), store.users(0, ["u0"]), store.apply(0, Change(7, 8))):
        with pytest.raises(StoreUnavailable) as caught:
            await call
        assert caught.value.code == 3
    own.start()
    assert (await store.load(0)).next_offset == 7
    assert await store.users(0, ["u0"]) == [b"x"]
    own.kill(wipe=True)
    own.start()
    assert (await store.load(0)).next_offset is None
    assert await store.users(0, ["u0"]) == [None]
    await store.apply(0, Change(None, 1))
    await store.close()


async def test_a_hung_server_is_unavailable_and_its_late_answer_goes_nowhere(
    own: LocalRedis,
) -> None:
    store = RedisStore(own.url, "p.")
    await store.apply(0, Change(None, 1, {"a": b"of a", "b": b"of b"}))
    assert own.process is not None
    os.kill(own.process.pid, signal.SIGSTOP)
    try:
        with pytest.raises(StoreUnavailable):
            await store.users(0, ["a"])
        with pytest.raises(StoreUnavailable):
            await store.apply(0, Change(1, 2, {"a": b"late"}))
    finally:
        os.kill(own.process.pid, signal.SIGCONT)
    # The change may or may not have come through; the offset says which.
    position = (await store.load(0)).next_offset
    assert await store.users(0, ["b", "a"]) == [b"of b", {1: b"of a", 2: b"late"}[position or 0]]
    await store.close()


async def test_what_is_asked_at_once_is_one_round_trip(
    redis_url: str, admin: redis.Redis, prefix: str
) -> None:
    store, before = RedisStore(redis_url, prefix), clients(admin)
    changes = [Change(None, n, {"u": b"%d" % n}) for n in range(100)]
    await asyncio.gather(*(store.apply(n, change) for n, change in enumerate(changes)))
    found = await asyncio.gather(*(store.users(n, ["u"]) for n in range(100)))
    assert found == [[b"%d" % n] for n in range(100)]
    # Round trips at the same time would have been on connections of their own.
    assert len(clients(admin) - before) == 1
    await store.close()


def clients(admin: redis.Redis) -> set[str]:
    return {client["id"] for client in admin.client_list()}


async def test_a_caller_that_gives_up_takes_nobody_along(store: RedisStore) -> None:
    await store.apply(0, Change(None, 1, {"u": b"0"}))
    impatient = asyncio.create_task(store.users(0, ["u"]))
    patient_ = asyncio.create_task(store.users(0, ["u"]))
    await asyncio.sleep(0)  # both have asked, nothing is sent
    impatient.cancel()
    assert await patient_ == [b"0"]
    with pytest.raises(asyncio.CancelledError):
        await impatient


async def test_taking_over_many_partitions_with_full_windows_at_once(
    redis_url: str, prefix: str
) -> None:
    store = RedisStore(redis_url, prefix)
    ids = [digest(f"e{n}") for n in range(20_000)]
    for partition in range(24):
        await store.apply(partition, Change(None, partition, ids=ids))
    states = await asyncio.gather(*map(store.load, range(24)))
    assert [state.next_offset for state in states] == list(range(24))
    assert {len(state.ids) for state in states} == {20_000}
    await store.close()


async def test_a_bug_is_not_called_an_outage(
    store: RedisStore, admin: redis.Redis, prefix: str
) -> None:
    admin.set(f"{prefix}{{0}}:state", "not a hash")
    with pytest.raises(ResponseError, match="WRONGTYPE"):
        await store.load(0)


async def test_the_password_is_not_told() -> None:
    store = RedisStore(f"redis://me:s3cret@127.0.0.1:{free_port()}/0", "p.")
    with pytest.raises(StoreUnavailable) as caught:
        await store.ping()
    told = f"{caught.value.what} {caught.value.why} {caught.value.mend}"
    assert "127.0.0.1" in told
    assert "s3cret" not in told
    await store.close()


def test_a_prefix_may_not_bring_a_hash_tag() -> None:
    with pytest.raises(ValueError, match="hash tag"):
        RedisStore("redis://127.0.0.1", "a{b}")


async def test_is_what_settings_open(redis_url: str, admin: redis.Redis, prefix: str) -> None:
    store = open_store(Settings(redis=redis_url, prefix=prefix, resend_window=2, buffer_age_s=60))
    await store.apply(0, Change(None, 1, {"u": b"x"}, ids=[digest(f"e{n}") for n in range(5)]))
    assert 0 < admin.ttl(f"{prefix}recaug:{{0}}:u:u") <= 60
    ids = (await store.load(0)).ids
    assert [n for n in range(5) if ids.seen(f"e{n}")] == [3, 4]
    await store.close()


@pytest.mark.parametrize("batch", [1, 7, 64, 100])
async def test_ids_take_bounded_room_whatever_the_batches(
    redis_url: str, admin: redis.Redis, prefix: str, batch: int
) -> None:
    store = RedisStore(redis_url, prefix, ids=200)
    for n in range(0, 700, batch):
        fresh = [digest(f"e{m}") for m in range(n, n + batch)]
        await store.apply(0, Change(n or None, n + batch, ids=fresh))
    pieces = admin.lrange(f"{prefix}{{0}}:ids", 0, -1)
    held = sum(map(len, pieces))
    assert int(admin.hget(f"{prefix}{{0}}:state", "ids") or 0) == held
    # What is wanted, and less than one piece (64 digests, or a whole larger batch) beyond.
    assert 200 * 16 <= held < (200 + max(64, batch)) * 16
    assert len(pieces) <= 200 // 32 + 2
    ids, last = (await store.load(0)).ids, n + batch
    assert [m for m in range(last) if ids.seen(f"e{m}")] == list(range(last - 200, last))
    await store.close()
