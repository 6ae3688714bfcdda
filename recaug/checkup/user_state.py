"""Whether Redis answers, keeps what it is given, and has room for it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

from recaug.checkup.finding import Finding, Level
from recaug.security import redis_options
from recaug.settings import Settings

#: Clocks further apart than this make latencies and lags look wrong, seconds.
SKEW_S = 2.0
#: Memory in use, of what may be used, from which there is soon none left.
FULL = 0.9
#: Whatever else Redis does when it is full, it deletes what somebody still needs.
KEEPS = "noeviction"


def store(settings: Settings) -> Iterator[Finding]:
    """Whether Redis answers, keeps what it is given, and agrees about the time."""
    if not settings.redis:
        words = "no Redis: user state is in memory and rebuilt from the log at every start"
        yield Finding(Level.WARN, "store", words, "recaug up   or name one: --redis redis://HOST")
        return
    try:
        import redis
    except ModuleNotFoundError:
        words = "the package redis is not installed, so the store cannot be asked"
        yield Finding(Level.WARN, "store", words, "pip install redis")
        return
    server = settings.redis_server
    client = redis.Redis.from_url(
        server.url, socket_timeout=3, socket_connect_timeout=3, **redis_options(server)
    )
    try:
        began = time.perf_counter()
        client.ping()
        took_ms = (time.perf_counter() - began) * 1_000
        about: Any = client.info()
        seconds, micros = client.time()
    except redis.RedisError as error:
        words = f"Redis at {server} does not answer: {error}"
        yield Finding(Level.FAIL, "store", words, "recaug up   or name another: --redis URL")
        return
    finally:
        client.close()
    words = f"Redis {about['redis_version']}, {about['used_memory_human']}, {took_ms:.1f} ms"
    yield Finding(Level.OK, "store", words)
    yield from judge(about, time.time() - (seconds + micros / 1e6))


def judge(about: dict[str, Any], ahead_s: float) -> Iterator[Finding]:
    """What is wrong with a store that says this `about` itself; this clock is `ahead_s` of its."""
    if not about.get("aof_enabled"):
        words = "append-only file is off: a restart loses user state, which is then rebuilt"
        yield Finding(Level.WARN, "store", words, "redis-cli CONFIG SET appendonly yes")
    elif about.get("aof_last_write_status", "ok") != "ok":
        words = "its last write to the append-only file failed"
        mend = "make room on its disk, then: redis-cli BGREWRITEAOF"
        yield Finding(Level.FAIL, "store", words, mend)
    policy = about.get("maxmemory_policy", KEEPS)
    if policy != KEEPS:
        words = f"maxmemory-policy is {policy}: when it is full it deletes users' histories"
        mend = f"redis-cli CONFIG SET maxmemory-policy {KEEPS}"
        yield Finding(Level.FAIL, "store", words, mend)
    yield from _room(about)
    if about.get("role", "master") != "master":
        words = "it is a replica: nothing can be written to it"
        yield Finding(Level.FAIL, "store", words, "name its master: RECAUG_REDIS=redis://HOST")
    if abs(ahead_s) > SKEW_S:
        words = f"this clock is {ahead_s:+.1f} s off the store's"
        yield Finding(Level.WARN, "clock", words, "let NTP set both: timedatectl set-ntp true")


def _room(about: dict[str, Any]) -> Iterator[Finding]:
    most, used = int(about.get("maxmemory", 0)), int(about.get("used_memory", 0))
    if most and used > FULL * most:
        words = f"{used / most:.0%} of its maxmemory is in use: writes will soon be refused"
        yield Finding(Level.WARN, "store", words, "redis-cli CONFIG SET maxmemory MORE")
