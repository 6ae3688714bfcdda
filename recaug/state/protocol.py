"""What every store keeps and promises; `tests/contracts/store.py` holds each to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from recaug.errors import Unreachable
from recaug.windows import IdWindow, SourceWindow

#: The state of a user who wants no personal list. It does not expire.
REFUSED = b"-"


class StoreUnavailable(Unreachable):
    """The store did not do what was asked, and may or may not have applied a change.

    `load` again before the next `apply`: the offset it answers says which.
    """


class Conflict(Exception):
    """The stored offset is not the expected one: this worker's picture of the partition is old."""

    def __init__(self, partition: int, expected: int | None, found: int | None) -> None:
        super().__init__(f"partition {partition}: expected offset {expected}, found {found}")
        self.partition, self.expected, self.found = partition, expected, found


@dataclass(slots=True)
class PartitionState:
    """Where one partition stands. `next_offset` is None when the store holds nothing of it."""

    next_offset: int | None
    sources: SourceWindow
    ids: IdWindow


@dataclass(frozen=True, slots=True)
class Change:
    """The whole effect of one batch on one partition.

    expected     offset the store must stand at; None for a partition it holds nothing of
    next_offset  first offset not folded yet
    users        user key to new state; None forgets the user
    sources      `SourceWindow.delta()` of the batch
    ids          `IdWindow.added()` of the batch
    """

    expected: int | None
    next_offset: int
    users: Mapping[str, bytes | None] = field(default_factory=dict)
    sources: Mapping[str, bytes] = field(default_factory=dict)
    ids: Sequence[bytes] = ()


class Store(Protocol):
    """State of users by partition. Any call raises `StoreUnavailable` when the server is gone."""

    async def load(self, partition: int) -> PartitionState:
        """Read a partition's offset and windows, as of one moment."""

    async def users(self, partition: int, keys: Sequence[str]) -> list[bytes | None]:
        """Read the states of users, in the order asked, in one round trip; None is unknown."""

    async def apply(self, partition: int, change: Change) -> None:
        """Do all of a change or nothing of it, in one round trip.

        Raises `Conflict` when the stored offset is not `change.expected`.
        """

    async def ping(self) -> None:
        """Return when the store answers."""

    async def close(self) -> None:
        """Let go of connections; safe to call twice."""
