"""What `recaug doctor` examines, one check a function; none changes anything.

broker · topics · producers · store · models · scoring · disk · versions
"""

from __future__ import annotations

import platform
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import IntEnum
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from recaug.errors import Failure, Unreachable
from recaug.security import redis_options
from recaug.settings import Settings

#: Less free disk than this and a broker soon refuses to write, bytes.
LOW_DISK = 2 * 2**30

#: How long a broker may take to answer somebody who waits for it, seconds.
PATIENCE_S = 5.0

#: Records looked at to tell which partitioner producers use.
SAMPLE = 500

#: Clocks further apart than this make latencies and lags look wrong, seconds.
SKEW_S = 2.0

#: Packages of the parts that run from the checkout; the wheel alone needs none of them.
PACKAGES = ("kafka-python", "pydantic", "faust-streaming", "confluent-kafka", "redis", "torch")


class Level(IntEnum):
    """The exit code a finding asks for."""

    OK = 0
    WARN = 1
    FAIL = 2


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing examined; `mend` is what to type, empty where there is nothing to do."""

    level: Level
    about: str
    words: str
    mend: str = ""

    def as_json(self) -> dict[str, str]:
        return {
            "level": self.level.name.lower(),
            "about": self.about,
            "words": self.words,
            "mend": self.mend,
        }


Check = Callable[[Settings], Iterator[Finding]]


def examine(settings: Settings) -> Iterator[Finding]:
    """Make every check in order; one that finds a person's problem says so and ends alone."""
    checks: dict[str, Check] = {
        "broker": broker,
        "topics": topics,
        "producers": producers,
        "store": store,
        "models": models,
        "scoring": scoring,
        "disk": disk,
        "versions": versions,
    }
    away = False
    for about, check in checks.items():
        if away and check in ASK_THE_BROKER:
            continue  # It has been said, and asking again takes as long again.
        try:
            yield from check(settings)
        except Failure as failure:
            away = away or isinstance(failure, Unreachable)
            words = f"{failure.what}: {failure.why}"
            yield Finding(Level.FAIL, about, words, failure.mend)


def broker(settings: Settings) -> Iterator[Finding]:
    """Whether Kafka answers, and with how many brokers."""
    from recaug.kafka import admin

    began = time.perf_counter()
    with admin(settings.broker, PATIENCE_S) as client:
        count = len(client.describe_cluster()["brokers"])
    took_ms = (time.perf_counter() - began) * 1_000
    words = f"{count} broker{'s' if count != 1 else ''} at {settings.kafka}, {took_ms:.0f} ms"
    yield Finding(Level.OK, "broker", words)


def topics(settings: Settings) -> Iterator[Finding]:
    """Whether every topic is there, and a user has the same partition number everywhere."""
    from recaug.kafka import admin, partition_counts

    with admin(settings.broker, PATIENCE_S) as client:
        have = partition_counts(client, settings.topics.all)
    missing = [topic.name for topic in settings.topics.all if topic.name not in have]
    by_user = {
        t.name: have[t.name] for t in settings.topics.all if t.key == "user" and t.name in have
    }
    if missing:
        words = f"missing: {', '.join(missing)}"
        yield Finding(Level.WARN, "topics", words, "recaug up   (every service creates its topics)")
    if len(set(by_user.values())) > 1:
        words = "topics keyed by user differ in partitions: " + ", ".join(
            f"{name} {count}" for name, count in by_user.items()
        )
        mend = "raise the smaller with kafka-topics --alter --partitions while nothing runs"
        yield Finding(Level.FAIL, "topics", words, mend)
    elif by_user and not missing:
        words = f"{len(have)} topics, {next(iter(by_user.values()))} partitions by user"
        yield Finding(Level.OK, "topics", words)


def producers(settings: Settings) -> Iterator[Finding]:
    """Whether producers choose partitions as Kafka's own clients do.

    Those on librdkafka hash with CRC32 unless told otherwise; a user's events then go to two
    partitions, and their order is lost.
    """
    keyed = list(_newest_keys(settings, settings.topics.clickstream.name))
    if not keyed:
        yield Finding(Level.OK, "producers", "no keyed event on clickstream to judge by yet")
        return
    wrong = sum(1 for key, partition, count in keyed if partition_of(key, count) != partition)
    if wrong == 0:
        words = f"the newest {len(keyed)} events are where murmur2 puts them"
        yield Finding(Level.OK, "producers", words)
        return
    words = f"{wrong} of the newest {len(keyed)} events are not where murmur2 puts them"
    mend = "set partitioner=murmur2_random in every producer built on librdkafka"
    yield Finding(Level.WARN, "producers", words, mend)


def partition_of(key: bytes, partitions: int) -> int:
    """Return the partition Kafka's own clients choose for a key.

    >>> partition_of(b"u-1842", 24), partition_of(b"u-1", 24)
    (0, 7)
    """
    from kafka.partitioner import murmur2

    return int(murmur2(key) & 0x7FFFFFFF) % partitions


def _newest_keys(settings: Settings, topic: str) -> Iterator[tuple[bytes, int, int]]:
    """Yield key, partition and partition count of the newest records of a topic."""
    from recaug.kafka import end_offsets, read

    ends = end_offsets(settings.broker, [topic])
    share = max(1, SAMPLE // max(1, len(ends)))
    begin = {at: max(0, end - share) for at, end in ends.items()}
    for record in read(settings.broker, [topic], begin, ends, idle_s=5.0):
        if record.key is not None:
            yield record.key, record.partition, len(ends)


ASK_THE_BROKER: frozenset[Check] = frozenset({topics, producers})


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
    yield from _judge_store(about, took_ms, time.time() - (seconds + micros / 1e6))


def _judge_store(about: dict[str, Any], took_ms: float, ahead_s: float) -> Iterator[Finding]:
    words = f"Redis {about['redis_version']}, {about['used_memory_human']}, {took_ms:.1f} ms"
    yield Finding(Level.OK, "store", words)
    if not about.get("aof_enabled"):
        words = "append-only file is off: a restart loses user state, which is then rebuilt"
        yield Finding(Level.WARN, "store", words, "redis-cli CONFIG SET appendonly yes")
    if abs(ahead_s) > SKEW_S:
        words = f"this clock is {ahead_s:+.1f} s off the store's"
        yield Finding(Level.WARN, "clock", words, "let NTP set both: timedatectl set-ntp true")


def models(settings: Settings) -> Iterator[Finding]:
    """Whether every bundle on disk is signed and what its manifest says."""
    from recaug.registry import CorruptBundle, Registry
    from recaug.signing import Keys

    registry = Registry(settings.registry, Keys.of(settings))
    try:
        champion = registry.champion(settings.model)
    except Failure as error:
        yield Finding(Level.FAIL, "models", f"{error.what}: {error.why}", error.mend)
        return
    found = registry.versions(settings.model)
    good = 0
    for one in found:
        try:
            registry.open(settings.model, one)
            good += 1
        except CorruptBundle as error:
            level = Level.FAIL if one == champion else Level.WARN
            yield Finding(level, "models", f"{error.what}: {error.why}", error.mend)
    if champion is None:
        words = f"no model yet in {settings.registry}; popularity answers"
        yield Finding(Level.OK, "models", words)
    elif champion not in found:
        words = f"the alias names {champion}, which is not on disk"
        yield Finding(Level.FAIL, "models", words, "recaug model rollback")
    else:
        words = f"{good} of {len(found)} bundles whole, serving {champion}"
        yield Finding(Level.OK, "models", words)


def scoring(settings: Settings) -> Iterator[Finding]:
    """Whether ONNX Runtime is there, and where it would compute."""
    try:
        import onnxruntime
    except ModuleNotFoundError:
        words = "onnxruntime is not installed: this machine can watch, not recommend"
        yield Finding(Level.WARN, "scoring", words, "make setup   in a checkout")
        return
    has = "CUDAExecutionProvider" in onnxruntime.get_available_providers()
    card = shutil.which("nvidia-smi") is not None
    words = f"ONNX Runtime {onnxruntime.__version__} on {'CUDA' if has and card else 'CPU'}"
    if settings.provider == "cuda" and not (has and card):
        words += ", but RECAUG_PROVIDER=cuda"
        mend = "set RECAUG_PROVIDER=auto, or install the NVIDIA driver (R580 or newer)"
        yield Finding(Level.FAIL, "scoring", words, mend)
        return
    yield Finding(Level.OK, "scoring", words + ("" if card else " (no NVIDIA driver here)"))


def disk(settings: Settings) -> Iterator[Finding]:
    """Whether there is room where the local instance keeps its files."""
    place = settings.data_dir.absolute()
    while not place.exists():
        place = place.parent
    free = shutil.disk_usage(place).free
    words = f"{free / 2**30:,.1f} GB free at {settings.data_dir}"
    if free < LOW_DISK:
        mend = f"free some, or use another: --data-dir DIR   (du -sh {settings.data_dir}/*)"
        yield Finding(Level.WARN, "disk", words, mend)
        return
    yield Finding(Level.OK, "disk", words)


def versions(settings: Settings) -> Iterator[Finding]:
    """What is installed: the first thing asked for in a bug report."""
    found = [f"{name} {_version(name)}" for name in PACKAGES if _version(name)]
    own = _version("recaug") or "from a checkout"
    words = f"recaug {own}, Python {platform.python_version()}, {', '.join(found)}"
    yield Finding(Level.OK, "versions", words)


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
