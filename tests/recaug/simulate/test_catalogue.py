"""The shop reads like one and stays the same, whatever its size and seed."""

from collections import Counter

import orjson
import pytest

from recaug.events import parse_item
from recaug.simulate.catalogue import AUDIENCES, Item, make_catalogue
from recaug.simulate.shop import BRANDS, CATEGORIES, SERIES

AT_MS = 1_764_000_000_000


@pytest.fixture(scope="module")
def items() -> tuple[Item, ...]:
    return make_catalogue(2_000)


def test_the_first_item_is_known() -> None:
    (item,) = make_catalogue(1)
    assert item.name == "Meridian 2 Trail Running Shoe, Women"
    assert item.item_id == "sku-10000"


def test_a_larger_shop_begins_with_the_smaller_one(items: tuple[Item, ...]) -> None:
    assert make_catalogue(137) == items[:137]


def test_ids_and_titles_are_unique(items: tuple[Item, ...]) -> None:
    large = make_catalogue(12_000)
    assert len({item.item_id for item in large}) == 12_000
    assert len({item.name for item in large}) == 12_000


def test_every_category_has_goods_and_every_brand_level_is_met(items: tuple[Item, ...]) -> None:
    assert {item.category.name for item in items} == {c.name for c in CATEGORIES}
    assert {item.brand for item in items} == {b for brands in BRANDS.values() for b in brands}


def test_prices_keep_to_their_kind(items: tuple[Item, ...]) -> None:
    for item in items:
        kinds = (*item.category.kinds, *item.category.extras)
        kind = next(kind for kind in kinds if kind.name == item.kind)
        assert kind.low - 6 <= item.price <= kind.high + 6


def test_dearer_brands_ask_more_for_the_same_kind(items: tuple[Item, ...]) -> None:
    shoes = [item for item in items if item.kind == "Trail Running Shoe"]
    by_tier = sorted(shoes, key=lambda item: item.tier)
    assert [item.price for item in by_tier] == sorted(item.price for item in shoes)


def test_most_goods_are_in_stock(items: tuple[Item, ...]) -> None:
    stock = Counter(item.availability for item in items)
    assert stock["in_stock"] > 0.9 * len(items)
    assert stock["out_of_stock"] > 0


def test_every_document_is_accepted_and_complete(items: tuple[Item, ...]) -> None:
    for item in items:
        document = parse_item(orjson.dumps(item.document(AT_MS)), [], AT_MS)
        assert document.name == item.name
        assert document.currency == "EUR"
        assert document.categories == (item.category.department, item.category.name)
        assert document.tags
        assert item.brand in (document.description or "")


def test_words_refer_to_words_that_exist() -> None:
    names = {category.name for category in CATEGORIES}
    assert len(names) == len(CATEGORIES)
    assert len(set(SERIES)) == len(SERIES)
    for category in CATEGORIES:
        assert set(category.goes_with) <= names - {category.name}
        assert category.department in BRANDS


def test_an_audience_is_a_variant_for_somebody(items: tuple[Item, ...]) -> None:
    for item in items:
        assert item.audience in ("", *AUDIENCES)
        assert item.audience == (item.variant if item.variant in AUDIENCES else "")
