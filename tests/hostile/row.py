"""One row of the catalogue: inputs, what must become of each, and why that."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from recaug.events import Reason
from tests.hostile.sent import Maker, Sent


class Fate(StrEnum):
    """What becomes of a record that is not refused."""

    ACCEPTED = "accepted"
    DUPLICATE = "duplicate"


@dataclass(frozen=True, slots=True)
class Case:
    """`make` gives one record or several, of which the last has the `outcome`.

    keeps      fields the accepted event then has
    settings   of the cleaner, where the defaults would take millions of records
    """

    name: str
    make: Callable[[Maker], Sent | Sequence[Sent]]
    outcome: Reason | Fate
    keeps: Mapping[str, Any] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)

    def records(self, maker: Maker) -> list[Sent]:
        made = self.make(maker)
        return [made] if isinstance(made, Sent) else list(made)


@dataclass(frozen=True, slots=True)
class Row:
    """`suggested` is the catalogue's outcome, `why` explains ours, above all where it differs.

    test    where the row is checked, if no case here can: it is not about one record
    """

    number: int
    what: str
    suggested: str
    why: str
    cases: tuple[Case, ...] = ()
    test: str = ""


def accepted(name: str, make: Callable[[Maker], Sent | Sequence[Sent]], **keeps: Any) -> Case:
    return Case(name, make, Fate.ACCEPTED, keeps)
