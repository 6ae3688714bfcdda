"""User state and the position in the log it was folded to, changed in one atomic step.

A store owns the offset: after any crash the reader goes back to `PartitionState.next_offset`, and
the duplicate windows, written with the state they protect, drop what had its effect already.

    StoreUnavailable    the server is gone, full, loading or too slow: serve without state, retry
    Conflict            another worker moved this partition: load again, never apply over it
"""

from __future__ import annotations

from recaug.settings import Settings
from recaug.state.protocol import (
    REFUSED,
    Change,
    Conflict,
    PartitionState,
    Store,
    StoreUnavailable,
)

__all__ = [
    "REFUSED", "Change", "Conflict", "PartitionState", "Store", "StoreUnavailable", "open_store",
]  # fmt: skip


def open_store(settings: Settings) -> Store:
    """Open the store the settings name: Redis, or memory when they name none.

    Nothing is connected yet; a server that is down shows at the first call.
    """
    if not settings.redis:
        from recaug.state.memory import MemoryStore

        return MemoryStore(ids=settings.resend_window)
    from recaug.state.redis import RedisStore

    # What is folded from the log lives as long as the log, so that a rebuilt store is the same.
    return RedisStore(
        settings.redis_server,
        f"{settings.prefix}recaug:",
        ids=settings.resend_window,
        ttl_s=settings.buffer_age_s,
    )
