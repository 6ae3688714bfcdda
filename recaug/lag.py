"""How far each service is behind, measured from outside through Kafka's admin API.

A service that is dead cannot say so; the broker can. Two samples a few seconds apart give offsets,
rates and a verdict in the words of Burrow:

    OK      keeps up
    WARN    further behind than allowed
    REWIND  its committed offset went backwards
    STALL   has members and unread records, but its committed offset does not move
    STOP    nobody reads
    LOST    unread records were deleted by retention
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Any

#: Fewer seconds between two samples than this and a service that commits once a second would look
#: stalled.
SPACING_S = 3.0

#: Services commit once a second: what is not older is a commit on its way, nothing to drain.
COMMIT_S = 2.0

#: A group whose oldest unread record is older than this is warned about, seconds.
MAX_LAG_S = 10.0


class Verdict(StrEnum):
    """Worse comes later."""

    OK = "OK"
    WARN = "WARN"
    REWIND = "REWIND"
    STALL = "STALL"
    STOP = "STOP"
    LOST = "LOST"

    @property
    def severity(self) -> int:
        """Exit code of a probe: 0 well, 1 warn, 2 fail."""
        return {Verdict.OK: 0, Verdict.WARN: 1}.get(self, 2)


_ORDER = tuple(Verdict)


@dataclass(frozen=True, slots=True)
class Position:
    """Where a group stands in one partition; offsets name the next record.

    `committed` is None where the group never committed; `unread_ms` is the broker's timestamp of
    the first unread record, None when there is none or it was not looked up.
    """

    committed: int | None
    begin: int
    end: int
    unread_ms: int | None = None

    @property
    def next_offset(self) -> int:
        """The first record the group has still to read that is still there."""
        return self.begin if self.committed is None else max(self.committed, self.begin)

    @property
    def lag(self) -> int:
        return max(0, self.end - self.next_offset)

    @property
    def lost(self) -> int:
        """Records deleted before they were read."""
        return 0 if self.committed is None else max(0, self.begin - self.committed)


@dataclass(frozen=True, slots=True)
class Sample:
    """All groups at one instant: members by group, positions by (group, topic) and partition."""

    at_ms: int
    members: Mapping[str, int]
    positions: Mapping[tuple[str, str], Mapping[int, Position]]


@dataclass(frozen=True, slots=True)
class Row:
    """One group on one topic; rates are records per second over the time between two samples.

    `drain_s` is infinite when the group does not catch up, None when there is nothing to drain but
    the records of the last commit.
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

    def as_json(self) -> dict[str, Any]:
        """Return the fields; JSON has no infinity, so `drains` says that a lag never goes."""
        drains = self.drain_s != math.inf
        return {
            **{field.name: getattr(self, field.name) for field in fields(self)},
            "drain_s": self.drain_s if drains else None,
            "drains": drains,
            "verdict": self.verdict.value,
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
    return max((row.verdict for row in rows), key=_ORDER.index, default=Verdict.OK)


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
    verdict, words = _judge(before, now, members, time_lag_s, in_per_s - out_per_s, max_lag_s)
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
    )


def _current(time_lag_s: float | None) -> bool:
    return time_lag_s is not None and time_lag_s <= COMMIT_S


def drain_s(lag: int, in_per_s: float, out_per_s: float) -> float | None:
    """Return seconds until the lag is gone at these rates; infinite if it never is."""
    if lag == 0:
        return None
    gain = out_per_s - in_per_s
    return lag / gain if gain > 0 else math.inf


def _moved(before: Position | None, now: Position, what: str) -> int:
    """How far an offset moved; a partition not seen before has not moved."""
    return 0 if before is None else int(getattr(now, what)) - int(getattr(before, what))


def _time_lag_s(positions: Iterable[Position], now_ms: int) -> float | None:
    """Age of the oldest unread record, 0 when all is read, None when no age is known."""
    behind = [position for position in positions if position.lag > 0]
    if not behind:
        return 0.0
    known = [position.unread_ms for position in behind if position.unread_ms is not None]
    return max(0.0, (now_ms - min(known)) / 1000) if known else None


def _judge(
    before: Mapping[int, Position],
    now: Mapping[int, Position],
    members: int,
    time_lag_s: float | None,
    growth: float,
    max_lag_s: float,
) -> tuple[Verdict, str]:
    """Return the gravest verdict that holds, and what a person should know about it."""
    lost = sum(position.lost for position in now.values())
    if lost:
        return Verdict.LOST, f"{lost:,} records were deleted before they were read"
    if members == 0:
        return Verdict.STOP, "nobody reads: the service is not running"
    stuck = [p for p in now if _stalled(before.get(p), now[p])]
    if stuck:
        return Verdict.STALL, f"its offset does not move in {_partitions(stuck)}"
    back = [p for p in now if _rewound(before.get(p), now[p])]
    if back:
        return Verdict.REWIND, f"its offset went back in {_partitions(back)}"
    if time_lag_s is not None and time_lag_s > max_lag_s:
        return Verdict.WARN, _trend(growth)
    return Verdict.OK, _unread(now) or "keeps up"


def _trend(growth: float) -> str:
    if growth > 0:
        return f"falls behind by {growth:,.0f}/s"
    return f"catches up by {-growth:,.0f}/s"


def _unread(now: Mapping[int, Position]) -> str:
    hot = hot_partition(now)
    return "" if hot is None else f"partition {hot} holds most of the lag: a hot key?"


def hot_partition(now: Mapping[int, Position]) -> int | None:
    """Return the partition that holds more than half of a lag of at least 1,000, if there is one.

    More workers do not help there: a partition is read by one.
    """
    total = sum(position.lag for position in now.values())
    if total < 1_000 or len(now) < 3:
        return None
    worst_one = max(now, key=lambda partition: now[partition].lag)
    return worst_one if now[worst_one].lag * 2 > total else None


def _stalled(before: Position | None, now: Position) -> bool:
    """Had work at the first sample and did none of it.

    Offsets are compared, not lags: records that arrive meanwhile must not hide a stall.
    """
    return before is not None and before.lag > 0 and now.next_offset == before.next_offset


def _rewound(before: Position | None, now: Position) -> bool:
    if before is None or before.committed is None or now.committed is None:
        return False
    return now.committed < before.committed


def _partitions(numbers: Sequence[int]) -> str:
    shown = ", ".join(str(number) for number in numbers[:4]) + (", …" if len(numbers) > 4 else "")
    return f"partition {shown}" if len(numbers) == 1 else f"partitions {shown}"
