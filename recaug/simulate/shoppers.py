"""Who shops: people with tastes that drift, a purse, and sometimes no account yet."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import Any

from recaug.simulate.catalogue import Item

#: Items somebody remembers having seen; they do not go back to them.
MEMORY = 60
TASTES = 4
DRIFT = 0.12
#: How unequally the categories are liked.
FASHION = 0.6

_PLACES = (
    ("de-DE", "DE"),
    ("en-GB", "GB"),
    ("en-US", "US"),
    ("fr-FR", "FR"),
    ("nl-NL", "NL"),
    ("sv-SE", "SE"),
)


@dataclass(slots=True)
class Shopper:
    """One person. `tastes` are category names, the favourite first; `purse` is in 0..1."""

    user_id: str
    anonymous_id: str
    signed_in: bool
    audience: str
    purse: float
    tastes: list[str]
    consent: bool
    place: tuple[str, str]
    visits: int = 0
    last_item: int | None = None
    seen: dict[int, None] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """What identifies this person on the wire now."""
        return self.user_id if self.signed_in else self.anonymous_id

    def identity(self) -> dict[str, str]:
        """A visitor has an anonymous id; signing in adds the user id beside it, once for all."""
        if not self.signed_in:
            return {"anonymous_id": self.anonymous_id}
        if self.anonymous_id:
            return {"user_id": self.user_id, "anonymous_id": self.anonymous_id}
        return {"user_id": self.user_id}

    def look(self, at: int) -> None:
        """Stand before an item; the oldest of `MEMORY` items is forgotten for it."""
        self.last_item = at
        self.seen[at] = None
        if len(self.seen) > MEMORY:
            del self.seen[next(iter(self.seen))]

    def liking(self, item: Item) -> float:
        """How much an item suits this person, above 0 and at most 1: audience and price."""
        wrong = item.audience and item.audience != self.audience
        distance = abs(item.tier - self.purse)
        return (0.06 if wrong else 1.0) * (1.0 - 0.75 * distance)

    def drift(self, chance: random.Random, names: tuple[str, ...], near: tuple[str, ...]) -> None:
        """Now and then a taste gives way to a related one, or to any other."""
        if chance.random() >= DRIFT:
            return
        fresh = chance.choice(near if near and chance.random() < 0.7 else names)
        if fresh not in self.tastes:
            self.tastes[chance.randrange(len(self.tastes))] = fresh

    def document(self, at_ms: int, created_at_ms: int) -> dict[str, Any]:
        """This person as a `users` message."""
        locale, country = self.place
        return {
            "user_id": self.user_id,
            "timestamp": at_ms,
            "created_at": created_at_ms,
            "locale": locale,
            "country": country,
            "interests": list(self.tastes),
            "segments": [("budget", "mid-range", "premium")[min(2, int(self.purse * 3))]],
            "consent": {"personalization": self.consent},
        }


def _tastes(chance: random.Random, names: tuple[str, ...]) -> list[str]:
    """Different categories; those early in `names` have more friends."""
    weights = [place**-FASHION for place in range(1, len(names) + 1)]
    found: dict[str, None] = {}
    while len(found) < min(TASTES, len(names)):
        found[chance.choices(names, weights)[0]] = None
    return list(found)


def make_shoppers(chance: random.Random, count: int, names: tuple[str, ...]) -> list[Shopper]:
    """`count` people; one in seven starts as an anonymous visitor, one in a hundred opts out."""
    return [_shopper(chance, number, names) for number in range(1, count + 1)]


def _shopper(chance: random.Random, number: int, names: tuple[str, ...]) -> Shopper:
    visitor = chance.random() < 0.15
    return Shopper(
        user_id=f"u-{number:05d}",
        anonymous_id=f"anon-{chance.getrandbits(48):012x}" if visitor else "",
        signed_in=not visitor,
        audience=chance.choices(("Women", "Men", "Kids"), (46, 42, 12))[0],
        purse=chance.random(),
        tastes=_tastes(chance, names),
        consent=chance.random() >= 0.01,
        place=chance.choice(_PLACES),
    )
