"""The rows of `recaug lag --by member`: what each worker reads, and how far behind it is there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from recaug.cli.columns import span
from recaug.cli.lag_look import Look
from recaug.lag import Member, Part, Verdict
from recaug.lag.verdict import ORDER

MEMBER_TITLES = ("GROUP", "MEMBER", "PARTS", "LAG", "TIME-LAG", "IN/s", "OUT/s", "VERDICT")
MEMBER_NUMBERS = MEMBER_TITLES[2:7]


@dataclass(frozen=True, slots=True)
class Reader:
    """One worker; a member of no partition reads nothing and is not needed."""

    group: str
    member: Member
    parts: tuple[Part, ...]

    @property
    def lag(self) -> int:
        return sum(part.position.lag for part in self.parts)

    @property
    def time_lag_s(self) -> float | None:
        ages = [part.time_lag_s for part in self.parts if part.time_lag_s is not None]
        return max(ages, default=None)

    @property
    def verdict(self) -> Verdict:
        return max((part.verdict for part in self.parts), key=ORDER.index, default=Verdict.OK)

    def cells(self) -> list[str]:
        return [
            self.group,
            str(self.member),
            str(len(self.parts)),
            f"{self.lag:,}",
            span(self.time_lag_s) if self.lag else "-",
            f"{sum(part.in_per_s for part in self.parts):,.0f}",
            f"{sum(part.out_per_s for part in self.parts):,.0f}",
            self.verdict.value if self.parts else "idle: reads nothing",
        ]

    def as_json(self) -> dict[str, Any]:
        return {
            "group": self.group,
            "member": str(self.member),
            "member_id": self.member.id,
            "partitions": sorted([topic, number] for topic, number in self.member.partitions),
            "lag": self.lag,
            "time_lag_s": self.time_lag_s,
            "in_per_s": sum(part.in_per_s for part in self.parts),
            "out_per_s": sum(part.out_per_s for part in self.parts),
            "verdict": self.verdict.value,
        }


def readers(look: Look) -> list[Reader]:
    """Return every worker of the groups that were looked at, by group."""
    return list(_readers(look))


def _readers(look: Look) -> Iterator[Reader]:
    for group in dict.fromkeys(row.group for row in look.rows):
        for member in look.members.get(group, ()):
            parts = (part for row in look.rows if row.group == group for part in row.parts)
            yield Reader(group, member, tuple(part for part in parts if part.member == member))
