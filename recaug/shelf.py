"""What can be shown to anybody: the popular items, then the newest.

    Shelf         pick · popular · top

Serves whoever the model cannot: new users, everybody before the first model, lists that came out
too short.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Any

#: Places at the top of the shelf that are called popular when the model picks them too.
POPULAR = 20


class Shelf:
    """Popular items (id, score), best first, hidden ones left out; `newest` walks the catalogue."""

    def __init__(
        self, popular: Sequence[tuple[str, float]], newest: Callable[[], Iterator[str]]
    ) -> None:
        #: Popular items with their scores, best first.
        self.popular, self._newest = popular, newest
        self.top = frozenset(item for item, _ in popular[:POPULAR])

    def __len__(self) -> int:
        """Popular items to choose from."""
        return len(self.popular)

    def pick(self, k: int, without: Collection[str], first_index: int = 0) -> list[dict[str, Any]]:
        """At most `k` items in the form of the message, none of `without`, none twice."""
        picked: list[dict[str, Any]] = []
        taken: set[str] = set()
        for item, score, retriever, reason in self._candidates():
            if len(picked) >= k:
                break
            if item not in without and item not in taken:
                taken.add(item)
                index = first_index + len(picked)
                picked.append(_line(item, index, score, retriever, reason))
        return picked

    def _candidates(self) -> Iterator[tuple[str, float, str, str]]:
        for item, score in self.popular:
            yield item, score, "popularity", "popular"
        for item in self._newest():
            yield item, 0.0, "newest", "new_item"


def _line(item: str, index: int, score: float, retriever: str, reason: str) -> dict[str, Any]:
    return {
        "item_id": item,
        "index": index,
        "score": round(score, 4),
        "retriever": retriever,
        "reasons": [{"code": reason}],
    }
