"""Every cause of a lag: its name, its words, and what to type; one function a cause."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from recaug.lag.rows import Row
from recaug.lag.verdict import Verdict
from recaug.lag.work import MOST, Work

DOCS = "docs/lag.md"

#: A key of this share of a hot partition's records is what makes it hot.
HOT_KEY = 0.3

#: Unread records that are deleted within this are in danger, seconds.
MARGIN_S = 3_600.0


class Cause(StrEnum):
    """Why a service is behind; each is a heading of `docs/lag.md`."""

    FINE = "fine"
    STOPPED = "not-running"
    STALLED = "stalled"
    HOT_KEY = "hot-key"
    HOT_PARTITION = "hot-partition"
    REDIS = "redis-slow"
    FINE_TUNE = "fine-tune"
    HOST = "host-exhausted"
    SCORER = "scorer-bound"
    CATCHING_UP = "catching-up"
    WORKERS = "too-few-workers"
    PARTITIONS = "every-partition-has-its-worker"
    IDLE_WORKERS = "more-workers-than-partitions"
    WAITING = "not-busy"
    SILENT = "no-pulse"
    RETENTION = "retention"


@dataclass(frozen=True, slots=True)
class Hint:
    """One thing to know about a service; `more_workers` is None where it cannot be told."""

    service: str
    cause: Cause
    words: str
    more_workers: bool | None
    mend: str
    evidence: dict[str, Any]

    @property
    def answer(self) -> str:
        """The question that the hint is about, answered."""
        told = {True: "would help", False: "would not help", None: "may help or not"}
        return f"more workers {told[self.more_workers]}"

    @property
    def page(self) -> str:
        return f"{DOCS}#{self.cause.value}"

    def as_json(self) -> dict[str, Any]:
        return {
            "service": self.service,
            "cause": self.cause.value,
            "words": self.words,
            "more_workers": self.more_workers,
            "mend": self.mend,
            "page": self.page,
            "evidence": self.evidence,
        }


# -- from the broker alone ------------------------------------------------------------------------


def stopped(row: Row) -> Hint:
    return Hint(
        row.service, Cause.STOPPED,
        f"no worker runs, {row.lag:,} records of {row.topic} wait" if row.lag else "no worker runs",
        True,
        f"recaug up, docker compose up -d {row.service}, or python -m streams {row.service}",
        {"members": 0, "lag": row.lag},
    )  # fmt: skip


def stalled(row: Row) -> Hint:
    stuck = [part for part in row.parts if part.verdict is Verdict.STALL]
    holders = sorted({str(part.member) for part in stuck if part.member})
    numbers = [part.partition for part in stuck]
    return Hint(
        row.service, Cause.STALLED,
        f"{', '.join(holders) or 'nobody yet'} reads {row.topic} {_list(numbers)} and does not "
        "move; another worker would stand there too", False,
        f"look at the log of {row.service}; a worker that stands still ends itself in a minute",
        {"partitions": numbers, "members": holders, "lag": row.lag},
    )  # fmt: skip


def hot(rows: Sequence[Row]) -> Hint | None:
    """A partition that is hot for a reason: one key, or most of what arrives."""
    for row in rows:
        if row.hot is None:
            continue
        hot = row.hot
        evidence = {
            "topic": row.topic, "partition": hot.partition, "lag_share": round(hot.lag_share, 3),
            "key": hot.key, "key_share": round(hot.key_share, 3), "sampled": hot.sampled,
        }  # fmt: skip
        words = f"partition {hot.partition} of {row.topic} holds {hot.lag_share:.0%} of the lag"
        if hot.key and hot.key_share >= HOT_KEY:
            words += f", {hot.key_share:.0%} of it of key {hot.key}; one worker reads a partition"
            mend = f"find out who sends it: recaug tail --user {hot.key}"
            return Hint(row.service, Cause.HOT_KEY, words, False, mend, evidence)
        if hot.in_share is not None and hot.in_share >= MOST:
            words += f" and gets {hot.in_share:.0%} of the records, of many keys"
            mend = "recaug doctor   (which partitioner do producers use?)"
            return Hint(row.service, Cause.HOT_PARTITION, words, False, mend, evidence)
    return None


def idle(row: Row, idle: int, partitions: int) -> Hint:
    return Hint(
        row.service, Cause.IDLE_WORKERS,
        f"{idle} of {row.members} workers read nothing: there are {partitions} partitions", False,
        _scale(row, partitions),
        {"members": row.members, "idle": idle, "partitions": partitions},
    )  # fmt: skip


def in_danger(rows: Sequence[Row]) -> Iterator[Hint]:
    for row in rows:
        left_s = row.retention_s
        if left_s is None or left_s > MARGIN_S or (row.drain_s or 0.0) < left_s:
            continue
        yield Hint(
            row.service, Cause.RETENTION,
            f"unread records of {row.topic} are deleted in {left_s / 60:,.0f} minutes", None,
            f"kafka-configs.sh --alter --entity-type topics --entity-name {row.topic} "
            "--add-config retention.ms=…   (then mend the lag)",
            {"retention_s": left_s, "lag": row.lag},
        )  # fmt: skip


# -- with what the workers say --------------------------------------------------------------------


def silent(row: Row, partitions: int) -> Hint:
    return Hint(
        row.service, Cause.SILENT,
        f"{row.words}; {row.members} workers for {partitions} partitions, none says how it is",
        None if row.members < partitions else False,
        "run workers of this version, and let this principal read recaug.pulses",
        {"members": row.members, "partitions": partitions},
    )  # fmt: skip


def redis(row: Row, told: Work) -> Hint:
    share = told.stage("state")
    return Hint(
        row.service, Cause.REDIS,
        f"Redis is slow: {share:.0%} of the busy time waits for it, "
        f"{share * told.batch_s * 1000:,.0f} ms a batch", False,
        "recaug doctor; redis-cli --latency; move Redis nearer, or give it a core of its own",
        {**_figures(row, told), "state": round(share, 3)},
    )  # fmt: skip


def fine_tune(row: Row, told: Work) -> Hint:
    return Hint(
        row.service, Cause.FINE_TUNE,
        f"a fine-tune takes the processors: {told.load:.0%} in use, the worker had one for "
        f"{told.cpu:.0%} of its busy time", False,
        "run learn on another machine, or RECAUG_TRAIN_THREADS=1 and RECAUG_TRAIN_EVERY_S higher",
        _figures(row, told),
    )  # fmt: skip


def host(row: Row, told: Work) -> Hint:
    return Hint(
        row.service, Cause.HOST,
        f"the host has no processor left: {told.load:.0%} in use, the worker had one for "
        f"{told.cpu:.0%} of its busy time; more workers on another host would help", False,
        "see who uses it: top; run workers on another machine",
        _figures(row, told),
    )  # fmt: skip


def scorer(row: Row, told: Work, partitions: int) -> Hint:
    helps = row.members < partitions and not told.is_full
    share = told.stage("retrieve", "score")
    faster = "RECAUG_PROVIDER=cuda, RECAUG_PRECISION=int8 or RECAUG_SCORE_THREADS"
    return Hint(
        row.service, Cause.SCORER,
        f"scoring takes {share:.0%} of the busy time; {row.members} workers for {partitions} "
        "partitions", helps,
        f"{_scale(row, partitions)}, or {faster}" if helps else faster,
        {**_figures(row, told), "partitions": partitions, "score": round(share, 3)},
    )  # fmt: skip


def catching_up(row: Row, told: Work) -> Hint:
    return Hint(
        row.service, Cause.CATCHING_UP,
        f"it catches up by {row.out_per_s - row.in_per_s:,.0f}/s and is there in "
        f"{row.drain_s or 0:,.0f} s", False, "nothing, or watch it: recaug lag --watch",
        {**_figures(row, told), "drain_s": row.drain_s},
    )  # fmt: skip


def workers(row: Row, told: Work, partitions: int) -> Hint:
    return Hint(
        row.service, Cause.WORKERS,
        f"{row.members} of {partitions} possible workers run and are busy {told.busy:.0%} of the "
        "time", True, _scale(row, partitions),
        {**_figures(row, told), "partitions": partitions},
    )  # fmt: skip


def partitions(row: Row, told: Work) -> Hint:
    return Hint(
        row.service, Cause.PARTITIONS,
        f"every partition has its worker, and they are busy {told.busy:.0%} of the time", False,
        "faster processors, or topics of more partitions",
        _figures(row, told),
    )  # fmt: skip


def waiting(row: Row, told: Work) -> Hint:
    return Hint(
        row.service, Cause.WAITING,
        f"{row.words}, yet its workers are busy only {told.busy:.0%} of the time", False,
        "recaug doctor   (a slow broker or network, or a rebalance just now)",
        _figures(row, told),
    )  # fmt: skip


def _figures(row: Row, told: Work) -> dict[str, Any]:
    return {
        "members": row.members,
        "busy": round(told.busy, 3),
        "cpu": round(told.cpu, 3),
        "load": round(told.load, 3),
        "training": told.training,
        "stages": {name: round(share, 3) for name, share in told.stages.items()},
    }


def _scale(row: Row, partitions: int) -> str:
    return f"docker compose up -d --scale {row.service}={partitions}"


def _list(numbers: Sequence[int]) -> str:
    return ", ".join(map(str, numbers[:4])) + (", …" if len(numbers) > 4 else "")
