"""How a shopper chooses the next item: along the catalogue's relations, or by taste.

The same numbers drive the traffic and `Choices.truth`, so what a perfect recommender would know is
known exactly.
"""

from __future__ import annotations

import random
from bisect import bisect
from collections import defaultdict
from collections.abc import Sequence
from itertools import accumulate

from recaug.simulate.catalogue import Item
from recaug.simulate.relations import successors
from recaug.simulate.shoppers import Shopper

#: Chance that a step follows taste rather than the item at hand.
WANDER = 0.2
#: Popularity of the item at rank r is r ** -ZIPF, and it also tilts which relation is followed.
ZIPF = 1.0
TILT = 0.45
#: How much of a shopper's wandering each of their tastes gets, the favourite first.
TASTE_SHARES = (0.45, 0.25, 0.18, 0.12)
_TRIES = 30


class Choices:
    """The choices open to shoppers in one shop; popularity ranks are drawn from `chance`."""

    def __init__(self, items: Sequence[Item], chance: random.Random) -> None:
        self.items = items
        self.popularity = _zipf(items, chance)
        self._next = [
            tuple((to, w * self.popularity[to] ** TILT) for to, w in pairs if self.popularity[to])
            for pairs in successors(items)
        ]
        self._shelves: dict[str, list[int]] = defaultdict(list)
        for at, item in enumerate(items):
            if self.popularity[at]:
                self._shelves[item.category.name].append(at)
        self._cumulative = {
            name: list(accumulate(self.popularity[at] for at in shelf))
            for name, shelf in self._shelves.items()
        }
        self.categories = tuple(self._shelves)

    def follow(self, shopper: Shopper, chance: random.Random) -> int:
        """Position of the item this shopper goes on to."""
        options = self._options(shopper)
        if not options or chance.random() < WANDER:
            return self.wander(shopper, chance)
        return chance.choices([to for to, _ in options], [weight for _, weight in options])[0]

    def wander(self, shopper: Shopper, chance: random.Random) -> int:
        """Position of an item chosen by taste, popularity and price alone."""
        at = 0
        for _ in range(_TRIES):
            name = chance.choices(shopper.tastes, TASTE_SHARES[: len(shopper.tastes)])[0]
            weights = self._cumulative[name]
            at = self._shelves[name][bisect(weights, chance.random() * weights[-1])]
            if at not in shopper.seen and chance.random() < shopper.liking(self.items[at]):
                break
        return at

    def truth(self, shopper: Shopper) -> dict[str, float]:
        """Probability of each item id being the shopper's next item; sums to 1.

        Exact but for the one wanderer in millions who has seen a whole shelf.
        """
        options = dict(self._options(shopper))
        followed = sum(options.values())
        share = (1.0 - WANDER) / followed if followed else 0.0
        wandered = self._wandering(shopper)
        rest = (WANDER if followed else 1.0) / sum(wandered.values())
        return {
            self.items[at].item_id: options.get(at, 0.0) * share + wandered.get(at, 0.0) * rest
            for at in options.keys() | wandered.keys()
        }

    def _options(self, shopper: Shopper) -> list[tuple[int, float]]:
        if shopper.last_item is None:
            return []
        seen, items = shopper.seen, self.items
        return [
            (to, weight * shopper.liking(items[to]))
            for to, weight in self._next[shopper.last_item]
            if to not in seen
        ]

    def _wandering(self, shopper: Shopper) -> dict[int, float]:
        found: dict[int, float] = {}
        for name, share in zip(shopper.tastes, TASTE_SHARES, strict=False):
            for at in self._shelves[name]:
                if at not in shopper.seen:
                    drawn = share * self.popularity[at] / self._cumulative[name][-1]
                    found[at] = drawn * shopper.liking(self.items[at])
        return found


def _zipf(items: Sequence[Item], chance: random.Random) -> list[float]:
    ranks = list(range(1, len(items) + 1))
    chance.shuffle(ranks)
    # Nobody can look at what is out of stock.
    return [
        0.0 if item.availability == "out_of_stock" else rank**-ZIPF
        for item, rank in zip(items, ranks, strict=True)
    ]
