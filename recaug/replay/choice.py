"""`--map user=customer,item=sku`: what a person says the columns are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from recaug.errors import Failure
from recaug.replay.names import KINDS, plain

#: Roles by the name a person types.
ROLES = {
    "user": "user",
    "item": "item",
    "time": "time",
    "event": "kind",
    "rating": "rating",
    "weight": "weight",
    "price": "price",
    "quantity": "quantity",
    "currency": "currency",
    "order": "order_id",
    "session": "session_id",
    "friend": "friend",
}
_EXAMPLE = "--map user=customer_id,item=sku,time=ordered_at"


@dataclass(frozen=True, slots=True)
class Choice:
    """Columns by role, as named; "" means: no column, whatever it is called.

    A column may be given by its number, from 1. `event` may be a kind instead: every row is one.
    """

    roles: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, text: str) -> Choice:
        """Read what stands after `--map`.

        :raises Failure: it is not `role=column,role=column`, or a role is unknown.
        """
        roles: dict[str, str] = {}
        for part in filter(None, (part.strip() for part in text.split(","))):
            role, equals, column = (word.strip() for word in part.partition("="))
            if not equals or role not in ROLES:
                raise Failure(
                    f"{part!r} maps nothing",
                    f"a part is role=COLUMN, a role one of {', '.join(ROLES)}",
                    _EXAMPLE,
                )
            roles[ROLES[role]] = column
        return cls(roles)

    @property
    def by_number(self) -> bool:
        """Whether columns are named by their numbers alone: there is no header, it seems."""
        named = [name for name in self.roles.values() if name and plain(name) not in KINDS]
        return bool(named) and all(name.isdecimal() for name in named)

    @property
    def kind(self) -> str | None:
        """What every row is, where that is said."""
        return KINDS.get(plain(self.roles.get("kind", "")))

    def resolved(self, header: Sequence[str], where: str) -> dict[str, str]:
        """Each role's column as the header has it; "" for none.

        :raises Failure: there is no such column.
        """
        return {role: self._column(role, name, header, where) for role, name in self.roles.items()}

    def _column(self, role: str, name: str, header: Sequence[str], where: str) -> str:
        if name in header or not name:
            return name
        if name.isdecimal() and 0 < int(name) <= len(header):
            return header[int(name) - 1]
        alike = [column for column in header if plain(column) == plain(name)]
        if alike:
            return alike[0]
        if role == "kind" and self.kind:
            return ""
        raise Failure(
            f"{where} has no column {name!r}", f"its columns are {shown(header)}", _EXAMPLE
        )


def shown(header: Sequence[str]) -> str:
    """The names of columns in a few words."""
    names = ", ".join(name[:30] for name in header[:8])
    return names if len(header) <= 8 else f"{names} and {len(header) - 8:,} more"
