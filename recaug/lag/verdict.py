"""How a group does on a topic, in the words of Burrow, from where it stood at two instants.

OK      keeps up
WARN    further behind than allowed
REWIND  its committed offset went backwards
STALL   has members and unread records, but its committed offset does not move
STOP    nobody reads
LOST    unread records were deleted by retention
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum

from recaug.lag.sample import Position


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


ORDER = tuple(Verdict)


def badness(verdict: Verdict, time_lag_s: float | None, lag: int) -> tuple[int, float, int]:
    """What to sort by, so that the worst comes last."""
    return ORDER.index(verdict), time_lag_s or 0.0, lag


def judge(
    before: Mapping[int, Position],
    now: Mapping[int, Position],
    members: int,
    time_lag_s: float | None,
    growth: float,
    max_lag_s: float,
) -> tuple[Verdict, str]:
    """Return the gravest verdict that holds, and what a person should know about it.

    :param growth: records a second by which the lag grows.
    """
    lost = sum(position.lost for position in now.values())
    if lost:
        return Verdict.LOST, f"{lost:,} records were deleted before they were read"
    if members == 0:
        return Verdict.STOP, "nobody reads: the service is not running"
    stuck = [p for p in now if stalled(before.get(p), now[p])]
    if stuck:
        return Verdict.STALL, f"its offset does not move in {_partitions(stuck)}"
    back = [p for p in now if _rewound(before.get(p), now[p])]
    if back:
        return Verdict.REWIND, f"its offset went back in {_partitions(back)}"
    if time_lag_s is not None and time_lag_s > max_lag_s:
        return Verdict.WARN, _trend(growth)
    return Verdict.OK, _unread(now) or "keeps up"


def stalled(before: Position | None, now: Position) -> bool:
    """Had work at the first sample and did none of it.

    Offsets are compared, not lags: records that arrive meanwhile must not hide a stall.
    """
    return before is not None and before.lag > 0 and now.next_offset == before.next_offset


def hot_partition(now: Mapping[int, Position]) -> int | None:
    """Return the partition that holds more than half of a lag of at least 1,000, if there is one.

    More workers do not help there: a partition is read by one.
    """
    total = sum(position.lag for position in now.values())
    if total < 1_000 or len(now) < 3:
        return None
    worst_one = max(now, key=lambda partition: now[partition].lag)
    return worst_one if now[worst_one].lag * 2 > total else None


def _trend(growth: float) -> str:
    if growth > 0:
        return f"falls behind by {growth:,.0f}/s"
    return f"catches up by {-growth:,.0f}/s"


def _unread(now: Mapping[int, Position]) -> str:
    hot = hot_partition(now)
    return "" if hot is None else f"partition {hot} holds most of the lag: a hot key?"


def _rewound(before: Position | None, now: Position) -> bool:
    if before is None or before.committed is None or now.committed is None:
        return False
    return now.committed < before.committed


def _partitions(numbers: Sequence[int]) -> str:
    shown = ", ".join(str(number) for number in numbers[:4]) + (", …" if len(numbers) > 4 else "")
    return f"partition {shown}" if len(numbers) == 1 else f"partitions {shown}"
