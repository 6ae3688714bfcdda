"""What the page's own users did last, so that a reason can say "because you liked …"."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

from recaug.bounds import Bound, hit
from recaug.events import items_of

#: Users remembered; the one who did nothing for longest is forgotten.
USERS = 1_000
#: And of each, items: a list rests on the newest events.
ITEMS = 50


@dataclass(slots=True)
class _Person:
    kinds: OrderedDict[str, str] = field(default_factory=OrderedDict)
    term: str | None = None


class Deeds:
    """By user: how they came upon each item, and what they searched for last."""

    def __init__(self, users: int = USERS) -> None:
        self._users = users
        self._people: OrderedDict[str, _Person] = OrderedDict()
        # Noted where the event is sent and where it is read, which are two threads.
        self._lock = Lock()

    def note(self, user: str, event: Mapping[str, Any]) -> None:
        """Take in one canonical event."""
        with self._lock:
            self._note(user, event)

    def _note(self, user: str, event: Mapping[str, Any]) -> None:
        person = self._people.pop(user, None) or _Person()
        self._people[user] = person
        if event["event"] == "search":
            person.term = event["search_term"]
        for item_id in items_of(event):
            person.kinds.pop(item_id, None)
            person.kinds[item_id] = event["event"]
        while len(person.kinds) > ITEMS:
            person.kinds.popitem(last=False)
        if len(self._people) > self._users:
            hit(Bound.PAGE_DEEDS)
            self._people.popitem(last=False)

    def kind(self, user: str, item_id: str) -> str | None:
        """Kind of the newest event by which `user` meant this item; None where none is known."""
        person = self._people.get(user)
        return person.kinds.get(item_id) if person else None

    def term(self, user: str) -> str | None:
        person = self._people.get(user)
        return person.term if person else None

    def forget(self, user: str) -> None:
        self._people.pop(user, None)
