"""What the page knows about items: enough of their documents to show a shop and name a reason."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from recaug.bounds import Bound, hit

#: Items kept to name what is recommended, and items the shop window shows.
KNOWN = 50_000
SHOWN = 4_000

Card = dict[str, Any]


class Shop:
    """Cards by item id, in order of appearance; `version` changes when the window does."""

    def __init__(self, known: int = KNOWN) -> None:
        self._known = known
        self._cards: dict[str, Card] = {}
        self.version = 0

    def put(self, item_id: str, document: Mapping[str, Any] | None) -> None:
        """Take an item's newest document; None, or a hidden item, takes it out of the shop."""
        if document is None or document.get("is_hidden"):
            self.version += self._cards.pop(item_id, None) is not None
            return
        card = to_card(item_id, document)
        if self._cards.get(item_id) == card:
            return
        if item_id in self._cards or len(self._cards) < self._known:
            self._cards[item_id] = card
            self.version += 1
        else:
            hit(Bound.PAGE_ITEMS)

    def card(self, item_id: str) -> Card:
        """Return an item's card; one without a document is shown by its id."""
        return self._cards.get(item_id) or {"id": item_id, "title": item_id}

    def title(self, item_id: str) -> str:
        return str(self.card(item_id)["title"])

    def window(self, count: int = SHOWN) -> list[Card]:
        # One step of the interpreter, so the thread that adds items cannot come between.
        return list(self._cards.values())[:count]

    def __len__(self) -> int:
        return len(self._cards)


def to_card(item_id: str, document: Mapping[str, Any]) -> Card:
    """Return what the page shows of a document; what is unknown is left out."""
    categories = document.get("categories") or ()
    found = {
        "brand": document.get("brand"),
        "category": categories[-1] if categories else None,
        "price": document.get("price"),
        "currency": document.get("currency"),
        "sold_out": document.get("availability") == "out_of_stock" or None,
    }
    known = {name: value for name, value in found.items() if value is not None}
    return {"id": item_id, "title": document.get("name") or item_id, **known}
