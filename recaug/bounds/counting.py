"""How often each limit was met in this process, and the log's word on it."""

from __future__ import annotations

import logging
from threading import Lock

from recaug.bounds.names import Bound
from recaug.bounds.table import LIMITS

log = logging.getLogger(__name__)

_lock = Lock()
_counts = dict.fromkeys(Bound, 0)
_told: dict[str, int] = {}


def hit(bound: Bound, n: int = 1) -> None:
    """Count that a limit was met `n` times; from any thread, some 200 ns."""
    with _lock:
        first = not _counts[bound]
        _counts[bound] += n
    if first and (limit := LIMITS[bound]).loses:
        log.warning("limit %s (%s %s): %s", bound, limit.default, limit.unit, limit.then)


def counts() -> dict[Bound, int]:
    """How often each limit was met since the process started; those never met are 0."""
    with _lock:
        return dict(_counts)


def report() -> None:
    """Log how often which limits were met, if that has changed since the last report."""
    global _told
    met = {str(bound): count for bound, count in counts().items() if count}
    if met != _told:
        _told = met
        log.info("limits met so far: %s", met)
