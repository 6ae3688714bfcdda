"""Would more workers help? What the broker knows and what the workers say, put together.

One cause a service is named, the one that has to go first: a service that does not run is no
matter of processors, and a hot key none of Redis. `docs/lag.md` has a heading for every cause.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from recaug.lag import causes
from recaug.lag.causes import Cause, Hint
from recaug.lag.rows import Row
from recaug.lag.verdict import ORDER, Verdict
from recaug.lag.work import MOST, Work, work
from recaug.pulse import Pulse

#: A lag that is gone by itself within this is no reason to do anything, seconds.
SOON_S = 60.0


def hints(rows: Sequence[Row], pulses: Sequence[Pulse]) -> list[Hint]:
    """Return what holds each service up, in the order of `rows`; one `FINE` where nothing does."""
    services = dict.fromkeys(row.service for row in rows)
    found = [
        hint
        for service in services
        for hint in _of([row for row in rows if row.service == service], pulses)
    ]
    return found or [
        Hint("all", Cause.FINE, "everything keeps up", False, "nothing", {"services": [*services]})
    ]


def _of(rows: list[Row], pulses: Sequence[Pulse]) -> Iterator[Hint]:
    row = max(rows, key=lambda r: (ORDER.index(r.verdict), r.time_lag_s or 0.0, r.lag))
    told = work(row.service, pulses)
    most = max(r.partitions for r in rows)
    if row.members == 0:
        yield causes.stopped(row)
    elif row.verdict is Verdict.STALL and not (told and told.goes_on):
        yield causes.stalled(row)
    elif (hot := causes.hot(rows)) is not None:
        yield hot
    elif row.verdict is not Verdict.OK:
        yield _behind(row, told, most)
    if row.members and (idle := max(r.idle for r in rows)):
        yield causes.idle(row, idle, most)
    yield from causes.in_danger(rows)


def _behind(row: Row, told: Work | None, partitions: int) -> Hint:
    """It runs and reads, and is behind: where does its time go?"""
    if told is None:
        return causes.silent(row, partitions)
    if not told.is_busy:
        return causes.catching_up(row, told) if _drains_soon(row) else causes.waiting(row, told)
    if told.stage("state") >= MOST and told.waited:
        return causes.redis(row, told)
    if told.is_full and told.waited:
        return causes.fine_tune(row, told) if told.training else causes.host(row, told)
    if told.stage("retrieve", "score") >= MOST:
        return causes.scorer(row, told, partitions)
    if _drains_soon(row):
        return causes.catching_up(row, told)
    if told.is_full:
        return causes.host(row, told)
    if row.members < partitions:
        return causes.workers(row, told, partitions)
    return causes.partitions(row, told)


def _drains_soon(row: Row) -> bool:
    return row.drain_s is not None and row.drain_s <= SOON_S
