"""Where every group stands at one instant, as the broker tells it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


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
class Member:
    """A worker as the group's coordinator knows it; `name` is its stable name where it has one."""

    id: str
    name: str
    host: str
    partitions: frozenset[tuple[str, int]]

    def __str__(self) -> str:
        return f"{self.name}@{self.host}" if self.host else self.name


@dataclass(frozen=True, slots=True)
class Sample:
    """All groups at one instant: members by group, positions by (group, topic) and partition.

    `owners` are the members by group; `retention_ms` is of the topics that delete by age;
    `committed_ms` is when (group, topic, partition) was last committed, where that was asked.
    """

    at_ms: int
    members: Mapping[str, int]
    positions: Mapping[tuple[str, str], Mapping[int, Position]]
    owners: Mapping[str, tuple[Member, ...]] = field(default_factory=dict)
    retention_ms: Mapping[str, int] = field(default_factory=dict)
    committed_ms: Mapping[tuple[str, str, int], int] = field(default_factory=dict)

    def owner(self, group: str, topic: str, partition: int) -> Member | None:
        """Return the worker that reads a partition; None during a rebalance or without any."""
        at = (topic, partition)
        return next((m for m in self.owners.get(group, ()) if at in m.partitions), None)
