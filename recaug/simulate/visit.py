"""What one visit to the shop sends, from the first page to the till.

A visit yields the fields of each event but those every event has (id, time, who, session), which
`world` adds.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

from recaug.simulate.catalogue import CURRENCY, Item
from recaug.simulate.choices import Choices
from recaug.simulate.shoppers import Shopper

Fields = dict[str, Any]

MEAN_ITEMS = 7
RESUME = 0.3
SEARCH, SEARCH_ELSEWHERE = 0.05, 0.35
IMPRESSION, CART, SECOND_THOUGHT, BUY = 0.06, 0.09, 0.12, 0.45
LIKE, SHARE, COMMENT, FOLLOW = 0.035, 0.012, 0.012, 0.018

COMMENTS = (
    "Love the {series}, fits just as described.",
    "Does the {series} come in another colour?",
    "Bought this {kind} last month and use it every day.",
    "Good {kind} for the price.",
    "Arrived quickly, well packed. Five stars.",
    "Smaller than I thought, but well made.",
    "Has anyone compared this with the other {kind}s here?",
    "My second one. The first lasted six years.",
    "Not sure it is worth {price}.",
    "A gift for my sister; she is delighted with it.",
)
METHODS = ("copy_link", "email", "messenger", "whatsapp")


def visit(shop: Choices, shopper: Shopper, chance: random.Random) -> Iterator[Fields]:
    """Look at items one after another, put some in the cart, perhaps buy them."""
    cart: list[Item] = []
    for step in range(_length(chance)):
        before = shopper.last_item
        at = _enter(shop, shopper, chance) if step == 0 else shop.follow(shopper, chance)
        item = shop.items[at]
        yield from _find(shop, before, at, chance)
        shopper.look(at)
        yield from _consider(item, cart, chance)
        yield from _talk(item, shopper, chance)
    if cart and chance.random() < BUY:
        yield {"event": "purchase", "transaction_id": "", **_lines(cart)}


def _length(chance: random.Random) -> int:
    return 1 + min(40, int(chance.expovariate(1 / (MEAN_ITEMS - 1))))


def _enter(shop: Choices, shopper: Shopper, chance: random.Random) -> int:
    """Pick up where the last visit ended, or start with what one is fond of."""
    if chance.random() < RESUME:
        return shop.follow(shopper, chance)
    return shop.wander(shopper, chance)


def _find(shop: Choices, before: int | None, at: int, chance: random.Random) -> Iterator[Fields]:
    """Come to the item: by search, by a list, or straight to its page."""
    item = shop.items[at]
    elsewhere = before is None or shop.items[before].category is not item.category
    if chance.random() < (SEARCH_ELSEWHERE if elsewhere else SEARCH):
        yield _search(item, chance)
        yield _click(item, "search_results", chance)
    elif chance.random() < 0.6:
        yield _click(item, "category" if elsewhere else "related_items", chance)
    else:
        yield _view(item, chance)
    if chance.random() < IMPRESSION:
        yield _impression(shop, at)


def _search(item: Item, chance: random.Random) -> Fields:
    words = item.kind.split(",")[0].lower()
    audience = f"{item.audience.lower()} " if item.audience else ""
    term = chance.choice(
        (words, f"{audience}{words}", f"{item.brand} {words}", f"{item.series} {words}".lower())
    )
    return {"event": "search", "search_term": term, "results_count": chance.randint(3, 60)}


def _click(item: Item, place: str, chance: random.Random) -> Fields:
    index = min(19, int(chance.expovariate(0.4)))
    return {"event": "click", "item_id": item.item_id, "index": index, "item_list_id": place}


def _view(item: Item, chance: random.Random) -> Fields:
    return {
        "event": "view",
        "item_id": item.item_id,
        "engagement_time_msec": int(chance.lognormvariate(9.0, 0.8)),
        "percent_scrolled": chance.choice((25, 50, 75, 90, 100)),
    }


def _impression(shop: Choices, at: int) -> Fields:
    shown = [shop.items[(at + step) % len(shop.items)].item_id for step in range(6)]
    items = [{"item_id": item_id, "index": index} for index, item_id in enumerate(shown)]
    return {"event": "impression", "item_list_id": "category", "items": items}


def _consider(item: Item, cart: list[Item], chance: random.Random) -> Iterator[Fields]:
    if chance.random() >= CART:
        return
    yield {"event": "add_to_cart", **_lines([item])}
    if chance.random() < SECOND_THOUGHT:
        yield {"event": "remove_from_cart", **_lines([item])}
    else:
        cart.append(item)


def _lines(items: list[Item]) -> Fields:
    return {
        "items": [{"item_id": item.item_id, "quantity": 1, "price": item.price} for item in items],
        "value": round(sum(item.price for item in items), 2),
        "currency": CURRENCY,
    }


def _talk(item: Item, shopper: Shopper, chance: random.Random) -> Iterator[Fields]:
    """Social events; only people with an account have a voice."""
    if not shopper.signed_in:
        return
    about = {"target_type": "item", "target_id": item.item_id}
    if chance.random() < LIKE:
        yield {"event": "like", **about, "value": 1 if chance.random() < 0.93 else -1}
    if chance.random() < SHARE:
        yield {"event": "share", **about, "method": chance.choice(METHODS)}
    if chance.random() < COMMENT:
        yield {"event": "comment", **about, **_comment(item, chance)}
    if chance.random() < FOLLOW:
        yield {"event": "follow", **_followed(item, chance)}


def _comment(item: Item, chance: random.Random) -> Fields:
    kind = item.kind.split(",")[0].lower()
    price = f"{item.price:.2f} {CURRENCY}"
    text = chance.choice(COMMENTS).format(series=item.series, kind=kind, price=price)
    return {"comment_id": f"c-{chance.getrandbits(40):010x}", "text": text, "language": "en"}


def _followed(item: Item, chance: random.Random) -> Fields:
    if chance.random() < 0.7:
        return {"target_type": "brand", "target_id": _slug(item.brand)}
    return {"target_type": "topic", "target_id": _slug(item.category.name)}


def _slug(name: str) -> str:
    return "-".join("".join(c if c.isalnum() else " " for c in name.lower()).split())
