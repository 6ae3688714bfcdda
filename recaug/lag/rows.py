"""Two samples compared: a row for each group and topic, and a part for each of its partitions."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from recaug.lag.sample import Member, Position, Sample
from recaug.lag.verdict import ORDER, Verdict, hot_partition, judge

#: Fewer seconds between two samples than this and a service that commits once a second would look
#: stalled.
SPACING_S = 3.0

#: Services commit once a second: what is not older is a commit on its way, nothing to drain.
COMMIT_S = 2.0

#: A group whose oldest unread record is older than this is warned about, seconds.
MAX_LAG_S = 10.0


@dataclass(frozen=True, slots=True)
class Part:
    """One group in one partition; rates as in `Row`.

    `commit_age_s` is the time since its last commit, None where that was not asked or is too long
    ago; `member` is the worker that reads it.
    """

    partition: int
    position: Position
    time_lag_s: float | None
    in_per_s: float
    out_per_s: float
    commit_age_s: float | None
    member: Member | None
    verdict: Verdict

    @property
    def is_behind(self) -> bool:
        """By more than the records of the last commit, or by records that nobody reads."""
        wrong = self.verdict is not Verdict.OK
        return self.position.lag > 0 and (wrong or not _current(self.time_lag_s))

    def as_json(self) -> dict[str, Any]:
        at = self.position
        return {
            "partition": self.partition,
            "committed": at.committed,
            "begin": at.begin,
            "end": at.end,
            "lag": at.lag,
            **{name: getattr(self, name) for name in _SHOWN},
            "member": None if self.member is None else str(self.member),
            "verdict": self.verdict.value,
        }


_SHOWN = ("time_lag_s", "in_per_s", "out_per_s", "commit_age_s")


@dataclass(frozen=True, slots=True)
class Hot:
    """A partition that holds most of a lag; shares are of 1.

    `in_share` is its part of what arrived between the samples, None where nothing did. `key` is
    the key most of its unread records have, once `recaug.lag.hot` has looked, among `sampled`.
    """

    partition: int
    lag_share: float
    in_share: float | None
    key: str | None = None
    key_share: float = 0.0
    sampled: int = 0


@dataclass(frozen=True, slots=True)
class Row:
    """One group on one topic; rates are records per second over the time between two samples.

    `drain_s` is infinite when the group does not catch up, None when there is nothing to drain but
    the records of the last commit. `retention_s` is how long the oldest unread record will still be
    kept, None where nothing is unread or the topic keeps all. `idle` members read no partition.
    """

    group: str
    topic: str
    partitions: int
    members: int
    lag: int
    time_lag_s: float | None
    in_per_s: float
    out_per_s: float
    drain_s: float | None
    verdict: Verdict
    words: str
    idle: int = 0
    retention_s: float | None = None
    hot: Hot | None = None
    parts: tuple[Part, ...] = ()

    @property
    def service(self) -> str:
        """`clean` of the group `shop.recaug-clean`."""
        return self.group.rpartition("recaug-")[2]

    def as_json(self) -> dict[str, Any]:
        """Return the fields; JSON has no infinity, so `drains` says that a lag never goes."""
        drains = self.drain_s != math.inf
        plain = [field.name for field in fields(self) if field.name not in ("parts", "hot")]
        return {
            **{name: getattr(self, name) for name in plain},
            "drain_s": self.drain_s if drains else None,
            "drains": drains,
            "verdict": self.verdict.value,
            "hot": None if self.hot is None else asdict(self.hot),
        }


def compare(first: Sample, second: Sample, max_lag_s: float = MAX_LAG_S) -> list[Row]:
    """Judge every group and topic of `second` against the earlier `first`, in its order."""
    took_s = max(1e-3, (second.at_ms - first.at_ms) / 1000)
    return [
        _row(key, second, first.positions.get(key, {}), took_s, max_lag_s)
        for key in second.positions
    ]


def worst(rows: Iterable[Row]) -> Verdict:
    """Return the gravest verdict, OK for no rows."""
    return max((row.verdict for row in rows), key=ORDER.index, default=Verdict.OK)


def drain_s(lag: int, in_per_s: float, out_per_s: float) -> float | None:
    """Return seconds until the lag is gone at these rates; infinite if it never is."""
    if lag == 0:
        return None
    gain = out_per_s - in_per_s
    return lag / gain if gain > 0 else math.inf


def _row(
    key: tuple[str, str],
    sample: Sample,
    before: Mapping[int, Position],
    took_s: float,
    max_lag_s: float,
) -> Row:
    group, topic = key
    now = sample.positions[key]
    lag = sum(position.lag for position in now.values())
    in_per_s = sum(_moved(before.get(p), now[p], "end") for p in now) / took_s
    out_per_s = sum(_moved(before.get(p), now[p], "next_offset") for p in now) / took_s
    time_lag_s = _time_lag_s(now.values(), sample.at_ms)
    members = sample.members.get(group, 0)
    verdict, words = judge(before, now, members, time_lag_s, in_per_s - out_per_s, max_lag_s)
    parts = tuple(_part(key, p, sample, before.get(p), took_s, max_lag_s) for p in sorted(now))
    return Row(
        group=group,
        topic=topic,
        partitions=len(now),
        members=members,
        lag=lag,
        time_lag_s=time_lag_s,
        in_per_s=in_per_s,
        out_per_s=max(0.0, out_per_s),
        drain_s=None if _current(time_lag_s) else drain_s(lag, in_per_s, out_per_s),
        verdict=verdict,
        words=words,
        idle=sum(1 for member in sample.owners.get(group, ()) if not member.partitions),
        retention_s=_retention_s(now.values(), sample, topic),
        hot=_hot(now, parts, in_per_s),
        parts=parts,
    )


def _part(
    key: tuple[str, str],
    partition: int,
    sample: Sample,
    before: Position | None,
    took_s: float,
    max_lag_s: float,
) -> Part:
    group, topic = key
    now = sample.positions[key][partition]
    time_lag_s = _time_lag_s([now], sample.at_ms)
    in_per_s = _moved(before, now, "end") / took_s
    out_per_s = _moved(before, now, "next_offset") / took_s
    verdict, _ = judge(
        {} if before is None else {partition: before},
        {partition: now},
        sample.members.get(group, 0),
        time_lag_s,
        in_per_s - out_per_s,
        max_lag_s,
    )
    committed_ms = sample.committed_ms.get((group, topic, partition))
    return Part(
        partition=partition,
        position=now,
        time_lag_s=time_lag_s,
        in_per_s=in_per_s,
        out_per_s=max(0.0, out_per_s),
        commit_age_s=_age_s(committed_ms, sample.at_ms),
        member=sample.owner(group, topic, partition),
        verdict=verdict,
    )


def _hot(now: Mapping[int, Position], parts: Iterable[Part], in_per_s: float) -> Hot | None:
    number = hot_partition(now)
    if number is None:
        return None
    arrived = next(part.in_per_s for part in parts if part.partition == number)
    lag = sum(position.lag for position in now.values())
    return Hot(number, now[number].lag / lag, arrived / in_per_s if in_per_s > 0 else None)


def _retention_s(positions: Iterable[Position], sample: Sample, topic: str) -> float | None:
    unread = [at.unread_ms for at in positions if at.lag and at.unread_ms is not None]
    if not unread or topic not in sample.retention_ms:
        return None
    return max(0.0, (min(unread) + sample.retention_ms[topic] - sample.at_ms) / 1000)


def _current(time_lag_s: float | None) -> bool:
    return time_lag_s is not None and time_lag_s <= COMMIT_S


def _moved(before: Position | None, now: Position, what: str) -> int:
    """How far an offset moved; a partition not seen before has not moved."""
    return 0 if before is None else int(getattr(now, what)) - int(getattr(before, what))


def _time_lag_s(positions: Iterable[Position], now_ms: int) -> float | None:
    """Age of the oldest unread record, 0 when all is read, None when no age is known."""
    behind = [position for position in positions if position.lag > 0]
    if not behind:
        return 0.0
    known = [position.unread_ms for position in behind if position.unread_ms is not None]
    return _age_s(min(known), now_ms) if known else None


def _age_s(at_ms: int | None, now_ms: int) -> float | None:
    return None if at_ms is None else max(0.0, (now_ms - at_ms) / 1000)
