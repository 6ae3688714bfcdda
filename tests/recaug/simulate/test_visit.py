"""A visit reads like one: items are found before they are put in a cart, carts before tills."""

import random
from itertools import chain, pairwise

from recaug.simulate.catalogue import make_catalogue
from recaug.simulate.choices import Choices
from recaug.simulate.shoppers import make_shoppers
from recaug.simulate.visit import Fields, visit

SHOP = Choices(make_catalogue(300), random.Random(1))


def visits(count: int) -> list[list[Fields]]:
    chance = random.Random(2)
    shoppers = make_shoppers(chance, count, SHOP.categories)
    return [list(visit(SHOP, shopper, chance)) for shopper in shoppers]


def items_in(fields: Fields) -> list[str]:
    return [line["item_id"] for line in fields["items"]]


def test_a_cart_holds_what_was_looked_at_and_the_till_what_was_kept() -> None:
    bought = 0
    for steps in visits(800):
        looked, cart = set(), []
        for fields in steps:
            match fields["event"]:
                case "click" | "view":
                    looked.add(fields["item_id"])
                case "add_to_cart":
                    cart += items_in(fields)
                    assert set(cart) <= looked
                case "remove_from_cart":
                    cart.remove(items_in(fields)[0])
                case "purchase":
                    bought += 1
                    assert fields is steps[-1]
                    assert items_in(fields) == cart
    assert bought > 0


def test_sums_are_right_and_in_the_shops_currency() -> None:
    prices = {item.item_id: item.price for item in SHOP.items}
    for fields in chain.from_iterable(visits(300)):
        if fields["event"] in ("add_to_cart", "purchase"):
            assert fields["value"] == round(sum(prices[i] for i in items_in(fields)), 2)
            assert fields["currency"] == "EUR"


def test_a_search_is_followed_by_a_click_on_a_result() -> None:
    for steps in visits(300):
        for fields, after in pairwise(steps):
            if fields["event"] == "search":
                assert after["event"] == "click"
                assert after["item_list_id"] == "search_results"


def test_visitors_without_an_account_have_no_voice() -> None:
    chance = random.Random(4)
    visitors = [s for s in make_shoppers(chance, 2_000, SHOP.categories) if not s.signed_in]
    kinds = {f["event"] for s in visitors for f in visit(SHOP, s, chance)}
    assert "click" in kinds
    assert not kinds & {"like", "share", "comment", "follow"}


def test_visits_are_a_handful_of_items_and_bounded() -> None:
    lengths = [sum(f["event"] in ("click", "view") for f in steps) for steps in visits(1_500)]
    assert 4 < sum(lengths) / len(lengths) < 9
    assert min(lengths) == 1
    assert max(lengths) <= 41
