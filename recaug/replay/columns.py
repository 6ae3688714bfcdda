"""Which column of a table is what: as told, by its name, or by what its name speaks of."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from pydantic_core import PydanticCustomError

from recaug.errors import Failure
from recaug.events.times import to_ms
from recaug.replay.choice import Choice, shown
from recaug.replay.happening import Happening, Unusable, make_event
from recaug.replay.names import KINDS, NAMES, find, plain, proposed

_NUMBERS = ("rating", "weight", "price", "quantity")
#: Cells that mean "nothing here"; RetailRocket and pandas write some of them.
_EMPTY = frozenset({"", "nan", "null", "none", "\\n"})
_NO_CHOICE = Choice()
#: With dots the day comes first everywhere; with slashes nobody knows.
_DOTTED = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4})(?!\d)")


@dataclass(frozen=True, slots=True)
class Columns:
    """Columns by role; `kind` is what a row without a kind column is, `guessed` the unsure ones."""

    roles: Mapping[str, str]
    kind: str
    unused: tuple[str, ...]
    guessed: frozenset[str] = frozenset()

    @classmethod
    def of(cls, header: Sequence[str], where: str, choice: Choice = _NO_CHOICE) -> Columns:
        """Read a header.

        :raises Failure: no column is a user's, or none an item's.
        """
        chosen = choice.resolved(header, where)
        roles = {role: found for role, names in NAMES.items() if (found := find(header, names))}
        # A column is what a person says it is, and nothing else.
        roles = {role: name for role, name in roles.items() if name not in chosen.values()}
        roles = {role: name for role, name in {**roles, **chosen}.items() if name}
        guessed = _guess(header, roles, chosen)
        if "user" not in roles or not roles.keys() & {"item", "friend"}:
            raise _unknown(header, where, "user" if "user" not in roles else "item")
        _dated(roles)
        if roles.get("session_id") == roles["user"]:
            del roles["session_id"]
        unused = tuple(column for column in header if column not in roles.values())
        return cls(roles, choice.kind or _kind(roles), unused, guessed)

    @property
    def timed(self) -> bool:
        return "time" in self.roles or "year" in self.roles

    def timed_by(self, name: str) -> Columns:
        """The same with `name`, which nobody called a time, for the time."""
        unused = tuple(column for column in self.unused if column != name)
        roles = {**self.roles, "time": name}
        return replace(self, roles=roles, unused=unused, guessed=self.guessed | {"time"})

    def note(self) -> str:
        """How the columns were read, in one line."""
        parts = [
            f"{role.replace('_id', '')} ← {name}{' (a guess)' if role in self.guessed else ''}"
            for role, name in self.roles.items()
        ]
        if "kind" not in self.roles:
            parts.append(f"every row a {self.kind}")
        if "rating" in self.roles:
            parts.append("kept in properties.rating")
        if not self.timed:
            parts.append("no times")
        if self.unused:
            parts.append(f"not used: {shown(self.unused)}")
        return ", ".join(parts)

    def happening(self, row: Mapping[str, Any], number: int) -> Happening:
        """Read one row.

        :raises Unusable: it lacks a user, an item, a readable time or a known kind.
        """
        cells = {r: cell for r, name in self.roles.items() if (cell := _cell(row.get(name)))}
        user, item = cells.get("user"), cells.get("item") or cells.get("friend")
        if not user or not item:
            raise Unusable("without a user" if not user else "without an item")
        original, at = self._time(cells)
        kind = _known(cells.get("kind")) if "kind" in self.roles else self.kind
        event = make_event(kind, user, item, _extra(cells))
        return Happening(at, number, event, original)

    def _time(self, cells: Mapping[str, str]) -> tuple[str | None, int]:
        if not self.timed:
            return None, 0
        original = cells.get("time", "") if "time" in self.roles else _date(cells)
        at = time_of(original)
        if at is None:
            raise Unusable("without a readable time", original)
        return original, at


def time_of(text: str) -> int | None:
    """Epoch milliseconds, None where the text is no time; read more widely than in events."""
    words = text.replace("/", "-") if text[:4].isdecimal() else text
    words = f"{words[:-4]}+00:00" if words.endswith(" UTC") else words
    if (dotted := _DOTTED.match(words)) is not None:
        words = f"{dotted[3]}-{dotted[2]:0>2}-{dotted[1]:0>2}{words[dotted.end() :]}"
    try:
        found = to_ms(words)
    except PydanticCustomError:
        return None
    assert isinstance(found, int)
    return found


def _guess(
    header: Sequence[str], roles: dict[str, str], chosen: Mapping[str, str]
) -> frozenset[str]:
    """Fill in who, what and when by what names speak of; return the roles that were filled in."""
    guessed = set()
    for role in ("user", "item", "time"):
        known = role in roles or role in chosen or (role == "item" and "friend" in roles)
        if known or (role == "time" and {"day", "month", "year"} <= roles.keys()):
            continue
        if (column := proposed(header, role, roles.values())) is not None:
            roles[role] = column
            guessed.add(role)
    return frozenset(guessed)


def _dated(roles: dict[str, str]) -> None:
    """A date in three columns is a time only where all are there and no better one is."""
    if not {"day", "month", "year"} <= roles.keys() or "time" in roles:
        for part in ("day", "month", "year"):
            roles.pop(part, None)


def _unknown(header: Sequence[str], where: str, role: str) -> Failure:
    return Failure(
        f"{where} cannot be read as events",
        f"its columns are {shown(header)}: none says who the user is"
        if role == "user"
        else f"its columns are {shown(header)}: none says which item it was",
        "name the columns: --map user=COLUMN,item=COLUMN,time=COLUMN   (or their numbers, from 1)",
    )


def _kind(roles: Mapping[str, str]) -> str:
    """A rating is taken after having looked; a friend is followed; anything else was a click."""
    if "item" not in roles:
        return "follow"
    if "rating" in roles:
        return "view"
    return "purchase" if "order_id" in roles else "click"


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return (value if value.tzinfo else value.replace(tzinfo=UTC)).isoformat()
    if isinstance(value, bytes):
        return value.decode(errors="replace").strip()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))  # an id, in a column where some row has none
    text = str(value).strip()
    return "" if text.lower() in _EMPTY else text


def _date(cells: Mapping[str, str]) -> str:
    parts = [cells.get(part, "") for part in ("year", "month", "day")]
    return f"{parts[0]:0>4}-{parts[1]:0>2}-{parts[2]:0>2}"


def _known(name: str | None) -> str:
    if name is None:
        raise Unusable("without a kind")
    found = KINDS.get(plain(name))
    if found is None:
        raise Unusable(f"of unknown kind {name[:20]!r}")
    return found


def _extra(cells: Mapping[str, str]) -> dict[str, Any]:
    extra: dict[str, Any] = {
        role: cells[role] for role in ("order_id", "session_id", "currency") if role in cells
    }
    numbers = {role: _number(cells[role]) for role in _NUMBERS if role in cells}
    if (price := numbers.pop("price", None)) is not None and price >= 0:
        extra["price"] = price
    if (quantity := numbers.pop("quantity", None)) is not None:
        if quantity < 0:
            raise Unusable("given back (a quantity below 0)")
        if quantity >= 1:
            extra["quantity"] = int(quantity)
    if "item" not in cells:
        extra["target_type"] = "user"
    extra["properties"] = {role: number for role, number in numbers.items() if number is not None}
    return extra


def _number(text: str) -> float | None:
    try:
        # A comma alone is the decimal mark of most of Europe.
        number = float(text.replace(",", ".") if text.count(",") == 1 else text)
    except ValueError:
        return None
    # What is not finite would be no JSON.
    return number if abs(number) < 1e15 else None
