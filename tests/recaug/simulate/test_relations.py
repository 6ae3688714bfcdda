"""What follows an item: its series, its accessories, its alternatives, what goes with it."""

import pytest

from recaug.simulate.catalogue import make_catalogue
from recaug.simulate.relations import successors

ITEMS = make_catalogue(1_000)
NEXT = successors(ITEMS)


def test_weights_sum_to_one_and_nothing_follows_itself() -> None:
    for at, pairs in enumerate(NEXT):
        assert sum(weight for _, weight in pairs) == pytest.approx(1)
        assert all(weight > 0 for _, weight in pairs)
        assert at not in dict(pairs)


def test_half_the_weight_or_more_stays_in_the_series() -> None:
    for at, pairs in enumerate(NEXT):
        line = ITEMS[at].line
        assert sum(weight for to, weight in pairs if ITEMS[to].line == line) > 0.5


def test_a_shoe_leads_to_its_socks_another_shoe_and_something_to_listen_to() -> None:
    pairs = NEXT[0]  # Meridian 2 Trail Running Shoe, Women
    followed = [ITEMS[to] for to, _ in pairs]
    assert any(item.extra and item.line == ITEMS[0].line for item in followed)
    assert any(item.kind == ITEMS[0].kind and item.line != ITEMS[0].line for item in followed)
    assert {"Hiking", "Headphones"} <= {item.category.name for item in followed}


def test_the_likeliest_next_item_suits_the_same_person() -> None:
    for at, pairs in enumerate(NEXT):
        likeliest = ITEMS[max(pairs, key=lambda pair: pair[1])[0]]
        if ITEMS[at].audience and likeliest.audience:
            assert ITEMS[at].audience == likeliest.audience


@pytest.mark.parametrize("size", [2, 3, 10, 25])
def test_the_smallest_shops_have_relations_too(size: int) -> None:
    for pairs in successors(make_catalogue(size)):
        assert pairs
        assert all(0 <= to < size for to, _ in pairs)


def test_a_shop_of_one_item_has_nothing_to_go_on_to() -> None:
    assert successors(make_catalogue(1)) == ((),)
