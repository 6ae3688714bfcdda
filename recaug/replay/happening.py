"""One thing that happened according to a data set, and an account of every line read."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

#: ISO 4217 for "no currency": what a data set without prices is in.
NO_CURRENCY = "XXX"


@dataclass(frozen=True, slots=True)
class Happening:
    """`event` lacks its time and, unless the data has one, its id; `original` is the time as read.

    `at` orders happenings: epoch milliseconds, or a place in line where the data knows no times.
    `number` is its place in the file, from 1; the header counts. `as_is`: the event is what the
    file says, in any dialect, and holds its own time; else it was made of a row, in our words.
    """

    at: int
    number: int
    event: dict[str, Any]
    original: str | int | float | None = None
    as_is: bool = False


class Unusable(ValueError):
    """A line that says nothing; the text is the reason it is counted under, `cell` what it has."""

    def __init__(self, reason: str, cell: str = "") -> None:
        super().__init__(reason)
        self.cell = cell


@dataclass(slots=True)
class Tally:
    """Lines read and what became of them: `lines == headers + used + unusable.total()`."""

    lines: int = 0
    headers: int = 0
    used: int = 0
    unusable: Counter[str] = field(default_factory=Counter)
    #: Where each reason was met first: the line, and what it has there.
    first: dict[str, tuple[int, str]] = field(default_factory=dict)

    def refuse(self, reason: str, number: int, cell: str = "") -> None:
        """Line `number`, from 1, is not used."""
        self.unusable[reason] += 1
        self.first.setdefault(reason, (number, cell))

    def reasons(self) -> str:
        """What was not used and why, most frequent first; empty when every line was used."""
        told = [
            f"{count:,} {reason}{self._where(reason)}"
            for reason, count in self.unusable.most_common()
        ]
        if self.headers:
            told.append(f"{self.headers:,} header")
        return ", ".join(told)

    def _where(self, reason: str) -> str:
        number, cell = self.first[reason]
        return f" (line {number:,}: {cell[:40]!r})" if cell else f" (line {number:,})"


def make_event(kind: str, user: str, item: str, extra: dict[str, Any]) -> dict[str, Any]:
    """An event of `kind` with the fields that kind needs.

    :param extra: of `price`, `quantity`, `currency`, `order_id`, `session_id`, `properties`
        those that are known.
    """
    event: dict[str, Any] = {"event": kind, "user_id": user}
    if "session_id" in extra:
        event["session_id"] = extra["session_id"]
    event |= _about(kind, item, extra)
    if extra.get("properties"):
        event["properties"] = extra["properties"]
    return event


def _about(kind: str, item: str, extra: dict[str, Any]) -> dict[str, Any]:
    if kind in ("click", "view"):
        return {"item_id": item}
    if kind in ("follow", "like", "share", "comment"):
        return {"target_type": extra.get("target_type", "item"), "target_id": item}
    quantity, price = extra.get("quantity", 1), extra.get("price")
    line: dict[str, Any] = {"item_id": item, "quantity": quantity}
    if price is not None:
        line["price"] = price
    about: dict[str, Any] = {"items": [line]}
    if price is not None or kind == "purchase":
        about["value"] = round((price or 0.0) * quantity, 2)
        about["currency"] = extra.get("currency", NO_CURRENCY)
    if kind == "purchase":
        about["transaction_id"] = extra.get("order_id", "")
    return about
