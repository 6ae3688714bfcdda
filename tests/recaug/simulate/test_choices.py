"""Shoppers choose as the truth says, and never what they have just seen."""

import random
from collections import Counter

import pytest

from recaug.simulate.catalogue import make_catalogue
from recaug.simulate.choices import Choices
from recaug.simulate.shoppers import Shopper, make_shoppers

DRAWS = 20_000


@pytest.fixture
def shop() -> Choices:
    return Choices(make_catalogue(400), random.Random(1))


@pytest.fixture
def shopper(shop: Choices) -> Shopper:
    someone = make_shoppers(random.Random(2), 1, shop.categories)[0]
    for at in (0, 5, 9):
        someone.look(at)
    return someone


def test_truth_is_how_often_each_item_comes_next(shop: Choices, shopper: Shopper) -> None:
    chance = random.Random(3)
    drawn = Counter(shop.items[shop.follow(shopper, chance)].item_id for _ in range(DRAWS))
    truth = shop.truth(shopper)
    assert sum(truth.values()) == pytest.approx(1)
    for item_id, probability in truth.items():
        # Five standard deviations: one in a million for each of a few hundred items.
        spread = 5 * (DRAWS * probability * (1 - probability)) ** 0.5
        assert abs(drawn[item_id] - DRAWS * probability) <= spread + 5


def test_without_an_item_at_hand_taste_decides(shop: Choices, shopper: Shopper) -> None:
    shopper.last_item = None
    liked = {item.item_id for item in shop.items if item.category.name in shopper.tastes}
    assert set(shop.truth(shopper)) <= liked


def test_what_was_seen_does_not_come_again(shop: Choices, shopper: Shopper) -> None:
    truth = shop.truth(shopper)
    assert not {shop.items[at].item_id for at in shopper.seen} & set(truth)


def test_popularity_is_a_power_law_over_what_is_in_stock(shop: Choices) -> None:
    for item, weight in zip(shop.items, shop.popularity, strict=True):
        assert (weight == 0) == (item.availability == "out_of_stock")
    best = sorted(shop.popularity, reverse=True)
    assert best[0] == pytest.approx(1) or best[0] == pytest.approx(0.5)
    assert best[0] > 50 * best[len(best) // 2]
