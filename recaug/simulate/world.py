"""The simulated shop and its shoppers, as a stream of events whose right answers are known.

Everything follows from the seed: two worlds alike send the same events in the same order, whatever
the clock says. Only `timestamp` and, with a `run` name, ids differ.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

from recaug.events import recommendation_id
from recaug.simulate.catalogue import make_catalogue
from recaug.simulate.choices import Choices
from recaug.simulate.shoppers import Shopper, make_shoppers
from recaug.simulate.visit import Fields, visit

#: Share of all shoppers who are in the shop at once, and how unequal their visits are.
PRESENT = 0.4
ACTIVITY = 0.5
#: Visits after which a visitor may sign in, and the chance that they do at each later one.
SIGN_IN_AFTER, SIGN_IN = 1, 0.5
FROM_LIST = 0.25
_DAY_MS = 86_400_000


@dataclass(slots=True)
class _Visit:
    shopper: Shopper
    session_id: str
    steps: Iterator[Fields]
    last_event_id: str = ""


class World:
    """`items` goods and `users` shoppers; `event` is called once for each event to publish."""

    def __init__(
        self, seed: int = 1, users: int = 2_000, items: int = 2_000, run: str = ""
    ) -> None:
        self.chance = random.Random(seed)
        self.items = make_catalogue(items)
        self._choices = Choices(self.items, self.chance)
        self.shoppers = make_shoppers(self.chance, users, self._choices.categories)
        self._near = {item.category.name: item.category.goes_with for item in self.items}
        self._activity = list(accumulate(n**-ACTIVITY for n in range(1, users + 1)))
        self._name = f"sim-{seed}-{run}" if run else f"sim-{seed}"
        self._events = self._sessions = 0
        self._present: set[str] = set()
        self._visits = [self._arrive() for _ in range(max(1, int(PRESENT * users)))]

    def documents(self, at_ms: int) -> Iterator[dict[str, Any]]:
        """Every item, then every shopper with an account, as messages for `items` and `users`."""
        yield from (item.document(at_ms) for item in self.items)
        for number, shopper in enumerate(self.shoppers):
            if shopper.signed_in:
                yield shopper.document(at_ms, at_ms - (1 + number * 37 % 900) * _DAY_MS)

    def event(self, at_ms: int) -> dict[str, Any]:
        """The next event, with event time `at_ms` (epoch milliseconds)."""
        while True:
            place = self.chance.randrange(len(self._visits))
            present = self._visits[place]
            fields = next(present.steps, None)
            if fields is not None:
                return self._sent(present, fields, at_ms)
            self._present.discard(present.shopper.user_id)
            self._visits[place] = self._arrive()

    def truth(self, key: str) -> dict[str, float]:
        """Probability of each item id being the next item of a user who is in mid-visit.

        `key` is the user id or, for a visitor without an account, the anonymous id.
        """
        shopper = next(someone for someone in self.shoppers if someone.key == key)
        return self._choices.truth(shopper)

    def _arrive(self) -> _Visit:
        shopper = self._somebody()
        self._present.add(shopper.user_id)
        shopper.visits += 1
        if shopper.visits > SIGN_IN_AFTER and not shopper.signed_in:
            shopper.signed_in = self.chance.random() < SIGN_IN
        near = tuple(n for n in self._near[shopper.tastes[0]] if n in self._near)
        shopper.drift(self.chance, self._choices.categories, near)
        self._sessions += 1
        session_id = f"{self._name}-s{self._sessions:06d}"
        return _Visit(shopper, session_id, visit(self._choices, shopper, self.chance))

    def _somebody(self) -> Shopper:
        """A shopper who is not in the shop already; some come far more often than others."""
        while True:
            (shopper,) = self.chance.choices(self.shoppers, cum_weights=self._activity)
            if shopper.user_id not in self._present:
                return shopper

    def _sent(self, present: _Visit, fields: Fields, at_ms: int) -> dict[str, Any]:
        self._events += 1
        event: dict[str, Any] = {
            "event": fields["event"],
            "event_id": f"{self._name}-{self._events:07d}",
            "timestamp": at_ms,
            **present.shopper.identity(),
            "session_id": present.session_id,
            **fields,
        }
        if event["event"] == "purchase":
            event["transaction_id"] = f"{self._name}-t{self._events:07d}"
        related = fields.get("item_list_id") == "related_items"
        if related and present.last_event_id and self.chance.random() < FROM_LIST:
            event["recommendation_id"] = recommendation_id(present.last_event_id)
        present.last_event_id = event["event_id"]
        return event
