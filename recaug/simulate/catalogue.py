"""The goods of the simulated shop: any number of items, the same ones whatever the seed.

Items come in series: a brand's line within a category, a dozen goods that belong together. Item
number n is the same product in a shop of any size, so runs of different sizes may share a topic.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from recaug.simulate.shop import BRANDS, CATEGORIES, SERIES, Category, Kind

#: Variants that say whom an item is for; a shopper keeps to one of them.
AUDIENCES = ("Women", "Men", "Kids")

CURRENCY = "EUR"


@dataclass(frozen=True, slots=True)
class Item:
    """One product. `tier` is its price level in 0..1; `line` numbers its series."""

    item_id: str
    name: str
    brand: str
    category: Category
    kind: str
    variant: str
    series: str
    line: int
    extra: bool
    tier: float
    price: float
    availability: str

    @property
    def audience(self) -> str:
        return self.variant if self.variant in AUDIENCES else ""

    def document(self, at_ms: int) -> dict[str, Any]:
        """The item as an `items` message, true as of `at_ms` (epoch milliseconds)."""
        return {
            "item_id": self.item_id,
            "timestamp": at_ms,
            "name": self.name,
            "description": _describe(self),
            "brand": self.brand,
            "categories": [self.category.department, self.category.name],
            "tags": _tags(self),
            "price": self.price,
            "currency": CURRENCY,
            "availability": self.availability,
            "language": "en",
            "attributes": {"series": self.series, "kind": self.kind, "variant": self.variant},
        }


def make_catalogue(size: int) -> tuple[Item, ...]:
    """The first `size` items of the shop."""
    items: list[Item] = []
    line = 0
    while len(items) < size:
        items.extend(_series(line, first=len(items)))
        line += 1
    return tuple(items[:size])


def _series(line: int, first: int) -> Iterator[Item]:
    year, shelf = divmod(line, len(CATEGORIES))
    category = CATEGORIES[shelf]
    brands = BRANDS[category.department]
    level = (year + shelf) % len(brands)
    for number, (kind, variant, extra) in enumerate(_goods(category), first):
        # Seeded by the item, so that no other item's words can change this one's.
        chance = random.Random(number)
        tier = min(1.0, max(0.0, level / (len(brands) - 1) + chance.uniform(-0.1, 0.1)))
        yield Item(
            item_id=f"sku-{10_000 + number}",
            name=_title(_series_name(line), kind.name, variant),
            brand=brands[level],
            category=category,
            kind=kind.name,
            variant=variant,
            series=_series_name(line),
            line=line,
            extra=extra,
            tier=round(tier, 3),
            price=_price(kind, tier),
            availability=chance.choices(("in_stock", "out_of_stock", "preorder"), (95, 3, 2))[0],
        )


def _goods(category: Category) -> Iterator[tuple[Kind, str, bool]]:
    for extra, kinds in ((False, category.kinds), (True, category.extras)):
        for kind in kinds:
            for variant in kind.variants:
                yield kind, variant, extra


def _series_name(line: int) -> str:
    generation = line // len(SERIES) + (2 if line % 3 == 0 else 1)
    name = SERIES[line % len(SERIES)]
    return name if generation == 1 else f"{name} {generation}"


def _title(series: str, kind: str, variant: str) -> str:
    return f"{series} {kind}, {variant}" if variant else f"{series} {kind}"


def _price(kind: Kind, tier: float) -> float:
    """A shop's price: whole tens less five cents above 100, else whole units."""
    exact = kind.low + (kind.high - kind.low) * tier
    step = 10 if exact >= 100 else 1
    return round(round(exact / step) * step - 0.05, 2)


def _describe(item: Item) -> str:
    chance = random.Random(item.item_id)
    first, second = chance.sample(item.category.features, 2)
    who = f" for {item.variant.lower()}" if item.audience else ""
    size = f" ({item.variant})" if item.variant and not item.audience else ""
    if item.extra:
        lead = f"{item.kind}{who}{size} to go with the {item.series} line by {item.brand}."
        return f"{lead} Made for {item.category.name.lower()}."
    return f"{item.kind}{who}{size} from the {item.series} line by {item.brand}: {first}, {second}."


def _tags(item: Item) -> list[str]:
    level = ("budget", "mid-range", "premium")[min(2, int(item.tier * 3))]
    words = [item.series.lower(), item.audience.lower(), level, "accessory" if item.extra else ""]
    return [word for word in words if word]
