"""State in Redis. All keys of a partition share a hash tag, so the same code runs on a cluster.

    <prefix>{<partition>}:state     hash: `next`, the cells of the source window, bytes in `ids`
    <prefix>{<partition>}:ids       list: digests of the newest event ids, oldest first, many to a
                                    piece: 200,000 single ones took half a second to read
    <prefix>{<partition>}:u:<key>   string: one user's state, gone `ttl_s` after its last change;
                                    a refusal is not: it holds until it is taken back

`state` and `ids` never expire: with `maxmemory-policy volatile-lru` a full server forgets the users
not seen longest, and never a position. Without `next` the rest counts for nothing and is replaced.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from hashlib import sha1
from typing import Any, cast

import redis.asyncio
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as LostConnection
from redis.exceptions import NoScriptError, RedisError, ResponseError
from redis.exceptions import TimeoutError as Late

from recaug.bounds import Bound, hit
from recaug.security import RedisServer, redis_options
from recaug.state.protocol import Change, Conflict, PartitionState, StoreUnavailable
from recaug.state.together import Together
from recaug.windows import DIGEST_BYTES, IdWindow, SourceWindow

CONNECTIONS = 8
CONNECT_S = 1.0
ANSWER_S = 1.0
#: Callers beyond `CONNECTIONS` wait so long for one: each before them may take `ANSWER_S`.
QUEUE_S = 10.0

#: Error replies of a server that cannot serve now; any other is a bug and keeps its traceback.
TRANSIENT = (
    "OOM", "LOADING", "MISCONF", "READONLY", "CLUSTERDOWN", "MASTERDOWN", "BUSY", "NOREPLICAS",
    "TRYAGAIN", "NOAUTH", "NOPERM", "WRONGPASS", "max number of clients",
)  # fmt: skip

_LOAD = """
local next = redis.call('HGET', KEYS[1], 'next')
if not next then return {} end
return {redis.call('HGETALL', KEYS[1]), table.concat(redis.call('LRANGE', KEYS[2], 0, -1))}
"""

# Everything that can be refused is refused before the first write: a script is not rolled back.
_APPLY = """
local found = redis.call('HGET', KEYS[1], 'next') or ''
if found ~= ARGV[1] then return found end
if found == '' then redis.call('DEL', KEYS[1], KEYS[2]) end
redis.call('HSET', KEYS[1], 'next', ARGV[2])

local kept, ids, ttl = tonumber(ARGV[3]), ARGV[4], ARGV[5]
if #ids > 0 then
  local last = redis.call('LINDEX', KEYS[2], -1)
  if last and #last + #ids <= 1024 then
    redis.call('LSET', KEYS[2], -1, last .. ids)
  else
    redis.call('RPUSH', KEYS[2], ids)
  end
  local total = redis.call('HINCRBY', KEYS[1], 'ids', #ids)
  local first = redis.call('LINDEX', KEYS[2], 0)
  while total - #first >= kept do
    redis.call('LPOP', KEYS[2])
    total = redis.call('HINCRBY', KEYS[1], 'ids', -#first)
    first = redis.call('LINDEX', KEYS[2], 0)
  end
end

local cells, written, at = tonumber(ARGV[6]), tonumber(ARGV[7]), 8
for _ = 1, cells do
  redis.call('HSET', KEYS[1], ARGV[at], ARGV[at + 1])
  at = at + 2
end
for user = 3, 2 + written do
  if ARGV[at] == '-' then
    redis.call('SET', KEYS[user], '-')
  else
    redis.call('SET', KEYS[user], ARGV[at], 'PX', ttl)
  end
  at = at + 1
end
for user = 3 + written, #KEYS do redis.call('UNLINK', KEYS[user]) end
return false
"""


class _Script:
    def __init__(self, text: str) -> None:
        self.text = text
        self.sha = sha1(text.encode(), usedforsecurity=False).hexdigest()


#: Sends a command and gives its answer.
Ask = Callable[..., Awaitable[Any]]

LOAD, APPLY = _Script(_LOAD), _Script(_APPLY)


class RedisStore:
    """Users, windows and offsets in one Redis server or cluster node; one round trip each way.

    server  or its URL alone: redis://, rediss:// or unix://
    prefix  before every key; installations that share a server differ in it
    ids     event ids kept per partition
    ttl_s   seconds a user's state is kept after its last change
    """

    def __init__(
        self,
        server: RedisServer | str,
        prefix: str,
        *,
        ids: int = 200_000,
        ttl_s: float = 30 * 86_400.0,
    ) -> None:
        if "{" in prefix:
            raise ValueError(f"a prefix with a hash tag of its own: {prefix!r}")
        self._server = RedisServer(server) if isinstance(server, str) else server
        self._prefix, self._ids = prefix, ids
        self._ttl_ms = max(1, round(ttl_s * 1000))
        self._redis = redis.asyncio.Redis(connection_pool=_pool(self._server))
        self._together = Together(self._redis)

    async def load(self, partition: int) -> PartitionState:
        # Not together with others: a window may be large, and connections answer side by side.
        keys = [self._key(partition, "state"), self._key(partition, "ids")]
        found = await self._run(self._redis.execute_command, LOAD, keys)
        # In a thread: with many partitions at once, building full windows here would hold the loop
        # up until reads that were answered in time look late.
        return await asyncio.to_thread(self._state, found)

    def _state(self, found: list[Any]) -> PartitionState:
        sources, ids = SourceWindow(), IdWindow(self._ids)
        if not found:
            return PartitionState(None, sources, ids)
        flat, digests = found
        cells = {flat[i].decode(): flat[i + 1] for i in range(0, len(flat), 2)}
        next_offset = int(cells.pop("next"))
        cells.pop("ids", None)
        sources.absorb(cells)
        ids.restore(digests)
        return PartitionState(next_offset, sources, ids)

    async def users(self, partition: int, keys: Sequence[str]) -> list[bytes | None]:
        if not keys:
            return []
        names = [self._key(partition, f"u:{key}") for key in keys]
        with self._reported():
            return cast(list[bytes | None], await self._together("MGET", *names))

    async def apply(self, partition: int, change: Change) -> None:
        found = await self._run(self._together, APPLY, *self._call(partition, change))
        if found is not None:
            raise Conflict(partition, change.expected, int(found) if found else None)

    def _call(self, partition: int, change: Change) -> tuple[list[str], list[Any]]:
        """Keys and arguments of the script, in its order."""
        states = {key: value for key, value in change.users.items() if value is not None}
        users = [*states, *(key for key, value in change.users.items() if value is None)]
        keys = ["state", "ids", *(f"u:{key}" for key in users)]
        arguments = [
            "" if change.expected is None else change.expected,
            change.next_offset,
            self._ids * DIGEST_BYTES,
            b"".join(change.ids),
            self._ttl_ms,
            len(change.sources),
            len(states),
            *(part for cell in change.sources.items() for part in cell),
            *states.values(),
        ]
        return [self._key(partition, key) for key in keys], arguments

    async def ping(self) -> None:
        with self._reported():
            await self._redis.ping()

    async def close(self) -> None:
        await self._redis.aclose()
        await self._redis.connection_pool.disconnect()

    def _key(self, partition: int, name: str) -> str:
        return f"{self._prefix}{{{partition}}}:{name}"

    async def _run(
        self, ask: Ask, script: _Script, keys: list[str], arguments: Sequence[Any] = ()
    ) -> Any:
        """Run by hash; by text, which the server then keeps, the first time after it started."""
        given = len(keys), *keys, *arguments
        with self._reported():
            try:
                return await ask("EVALSHA", script.sha, *given)
            except NoScriptError:
                return await ask("EVAL", script.text, *given)

    @contextmanager
    def _reported(self) -> Iterator[None]:
        try:
            yield
        except (LostConnection, Late, OSError) as error:
            raise self._unavailable(error) from error
        except ResponseError as error:
            if str(error).startswith("OOM"):
                hit(Bound.REDIS_MEMORY)
            if any(sign in str(error) for sign in TRANSIENT):
                raise self._unavailable(error) from error
            raise

    def _unavailable(self, error: RedisError | OSError) -> StoreUnavailable:
        return StoreUnavailable(
            f"user state at {self._server}",
            str(error) or type(error).__name__,
            "start or free that Redis; lists go out without personal history until it answers",
        )


def _pool(server: RedisServer) -> redis.asyncio.BlockingConnectionPool:
    # One more try on a connection that was lost, as all are when the server restarts. An apply
    # repeated over its own effect is a `Conflict`; after that the caller loads again, as always.
    return redis.asyncio.BlockingConnectionPool.from_url(
        server.url,
        max_connections=CONNECTIONS,
        timeout=QUEUE_S,
        socket_connect_timeout=CONNECT_S,
        socket_timeout=ANSWER_S,
        retry=Retry(NoBackoff(), 1, supported_errors=(LostConnection,)),
        decode_responses=False,
        **redis_options(server),
    )
