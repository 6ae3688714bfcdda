"""Which column of a table is what, by its name; says how it read them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from pydantic_core import PydanticCustomError

from recaug.errors import Failure
from recaug.events.times import to_ms
from recaug.replay.happening import Happening, Unusable, make_event

#: Names of columns as data sets have them, in lower case without `_`; the first match wins.
NAMES: dict[str, tuple[str, ...]] = {
    role: tuple(names.split())
    for role, names in {
        "user": "userid user uid customerid visitorid reviewerid usersession sessionid session"
        " sasuser",
        "item": "itemid item productid movieid artistid parentasin asin sku productsku businessid"
        " bookid gameid trackid articleid aid sasitem",
        "friend": "friendid",
        "time": "timestamp time ts eventtime datetime date unixreviewtime createdat timestampms",
        "kind": "eventtype event behaviortype behavior action type",
        "rating": "rating score stars overall",
        "weight": "weight count playcount",
        "price": "price",
        "quantity": "quantity qty",
        "currency": "currency",
        "order_id": "orderid transactionid",
        "session_id": "sessionid usersession",
        "day": "day",
        "month": "month",
        "year": "year",
    }.items()
}

#: Names data sets have for kinds of event.
KINDS = {
    "click": "click",
    "clicks": "click",
    "view": "view",
    "pv": "view",
    "addtocart": "add_to_cart",
    "cart": "add_to_cart",
    "carts": "add_to_cart",
    "removefromcart": "remove_from_cart",
    "purchase": "purchase",
    "buy": "purchase",
    "transaction": "purchase",
    "orders": "purchase",
    "like": "like",
    "fav": "like",
    "favorite": "like",
    "share": "share",
    "follow": "follow",
}

_NUMBERS = ("rating", "weight", "price", "quantity")
#: Cells that mean "nothing here"; RetailRocket and pandas write some of them.
_EMPTY = frozenset({"", "nan", "null", "none", "\\n"})


def plain(name: str) -> str:
    """A name as it is compared: `userId`, `user_id` and RecBole's `user_id:token` are the same."""
    return "".join(c for c in name.split(":")[0].lower() if c.isalnum())


def find(header: Sequence[str], names: Sequence[str]) -> str | None:
    """The first column of `header` called by one of `names`, earlier names first."""
    by_name = {plain(column): column for column in reversed(header)}
    return next((by_name[name] for name in names if name in by_name), None)


@dataclass(frozen=True, slots=True)
class Columns:
    """Columns by role; `kind` is what a row without a kind column is."""

    roles: Mapping[str, str]
    kind: str
    unused: tuple[str, ...]

    @classmethod
    def of(cls, header: Sequence[str], where: str) -> Columns:
        """Read a header.

        :raises Failure: no column names a user, or none an item.
        """
        roles = {role: found for role, names in NAMES.items() if (found := find(header, names))}
        if "user" not in roles or not roles.keys() & {"item", "friend"}:
            raise Failure(
                f"{where} cannot be read as events",
                f"its columns are {_shown(header)}: none names "
                + ("a user" if "user" not in roles else "an item"),
                "call the columns user_id, item_id and timestamp (rating and event are optional)",
            )
        if not {"day", "month", "year"} <= roles.keys() or "time" in roles:
            for part in ("day", "month", "year"):
                roles.pop(part, None)
        if roles.get("session_id") == roles["user"]:
            del roles["session_id"]
        unused = tuple(column for column in header if column not in roles.values())
        return cls(roles, _kind(roles), unused)

    @property
    def timed(self) -> bool:
        return "time" in self.roles or "year" in self.roles

    def note(self) -> str:
        """How the columns were read, in one line."""
        parts = [f"{role.replace('_id', '')} ← {name}" for role, name in self.roles.items()]
        if "kind" not in self.roles:
            parts.append(f"every row a {self.kind}")
        if "rating" in self.roles:
            parts.append("kept in properties.rating")
        if not self.timed:
            parts.append("no times")
        if self.unused:
            parts.append(f"not used: {', '.join(self.unused)}")
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
        try:
            original = cells["time"] if "time" in self.roles else _date(cells)
            at = to_ms(original)
        except (KeyError, PydanticCustomError):
            raise Unusable("without a readable time") from None
        assert isinstance(at, int)
        return original, at


def _shown(header: Sequence[str]) -> str:
    names = ", ".join(name[:30] for name in header[:8])
    return names if len(header) <= 8 else f"{names} and {len(header) - 8:,} more"


def _kind(roles: Mapping[str, str]) -> str:
    """A rating is taken after having looked; a friend is followed; anything else was a click."""
    if "item" not in roles:
        return "follow"
    return "view" if "rating" in roles else "click"


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return (value if value.tzinfo else value.replace(tzinfo=UTC)).isoformat()
    text = str(value).strip()
    return "" if text.lower() in _EMPTY else text


def _date(cells: Mapping[str, str]) -> str:
    return f"{cells['year']:0>4}-{cells['month']:0>2}-{cells['day']:0>2}"


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
    if (quantity := numbers.pop("quantity", None)) is not None and quantity >= 1:
        extra["quantity"] = int(quantity)
    if "item" not in cells:
        extra["target_type"] = "user"
    extra["properties"] = {role: number for role, number in numbers.items() if number is not None}
    return extra


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    # What is not finite would be no JSON.
    return number if abs(number) < 1e15 else None
