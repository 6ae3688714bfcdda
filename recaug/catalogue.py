"""Which items may be shown: the live item documents of `recaug.items`.

    Catalogue     put(item, document) · shows · hides · hidden · newest

Three states an item can be in. *Shown*: it has a document that is neither hidden nor out of stock.
*Hidden*: its newest document says so, or was deleted. *Unknown*: no document was ever seen; the
model may still recommend it, because a shop that sends no documents deserves recommendations too.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set
from typing import Any

from recaug.bounds import Bound, hit


class Catalogue:
    """Item ids by visibility; at most `capacity` shown and as many hidden ones are remembered.

    Not thread-safe; `Recommender` gives it one caller at a time.
    """

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        # Dictionaries for their order: oldest first, which `newest` reads backwards.
        self._shown: dict[str, None] = {}
        self._hidden: dict[str, None] = {}

    def put(self, item_id: str, document: Mapping[str, Any] | None) -> None:
        """Take an item's newest document; None deletes it, which hides the item.

        Beyond capacity a new item stays unknown, and the longest-hidden item becomes so.
        """
        if document is None or _withheld(document):
            self._shown.pop(item_id, None)
            self._hidden[item_id] = None
            if len(self._hidden) > self._capacity:
                hit(Bound.CATALOGUE_HIDDEN)
                del self._hidden[next(iter(self._hidden))]
            return
        self._hidden.pop(item_id, None)
        if item_id in self._shown:
            return
        if len(self._shown) < self._capacity:
            self._shown[item_id] = None
        else:
            hit(Bound.CATALOGUE)

    def shows(self, item_id: str) -> bool:
        """Whether the item has a document that lets it be shown."""
        return item_id in self._shown

    def hides(self, item_id: str) -> bool:
        """Whether the item must not be shown; False for an unknown item."""
        return item_id in self._hidden

    @property
    def hidden(self) -> Set[str]:
        """Ids of all hidden items; a live view."""
        return self._hidden.keys()

    def newest(self) -> Iterator[str]:
        """Shown items, the latest to appear first; an updated document keeps its item's place."""
        return reversed(self._shown)

    def __len__(self) -> int:
        """How many items are shown."""
        return len(self._shown)


def _withheld(document: Mapping[str, Any]) -> bool:
    return bool(document.get("is_hidden")) or document.get("availability") == "out_of_stock"
