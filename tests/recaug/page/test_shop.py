"""The shop window follows the item documents."""

from __future__ import annotations

from recaug.page.shop import Shop, to_card

DOCUMENT = {
    "item_id": "i1",
    "name": "Drift Chain Lube",
    "brand": "Alder & Pike",
    "categories": ["Sport & Outdoor", "Cycling"],
    "price": 15.95,
    "currency": "EUR",
    "description": "not shown",
}


def test_a_card_shows_the_narrowest_category_and_no_more_than_it_needs() -> None:
    assert to_card("i1", DOCUMENT) == {
        "id": "i1",
        "title": "Drift Chain Lube",
        "brand": "Alder & Pike",
        "category": "Cycling",
        "price": 15.95,
        "currency": "EUR",
    }


def test_an_item_without_a_name_goes_by_its_id() -> None:
    assert to_card("i1", {}) == {"id": "i1", "title": "i1"}
    assert Shop().card("never seen") == {"id": "never seen", "title": "never seen"}


def test_the_version_moves_only_when_the_window_does() -> None:
    shop = Shop()
    shop.put("i1", DOCUMENT)
    shop.put("i1", {**DOCUMENT, "description": "another"})
    assert shop.version == 1
    shop.put("i1", {**DOCUMENT, "price": 1.0})
    assert shop.version == 2


def test_hidden_and_deleted_items_leave_the_window() -> None:
    shop = Shop()
    shop.put("i1", DOCUMENT)
    shop.put("i2", DOCUMENT)
    shop.put("i1", None)
    shop.put("i2", {**DOCUMENT, "is_hidden": True})
    shop.put("i3", None)
    assert (shop.window(), shop.version) == ([], 4)


def test_no_more_items_are_kept_than_allowed() -> None:
    shop = Shop(known=2)
    for number in range(5):
        shop.put(f"i{number}", DOCUMENT)
    assert len(shop) == 2
    assert [card["id"] for card in shop.window(1)] == ["i0"]
