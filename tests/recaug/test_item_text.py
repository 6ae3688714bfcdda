"""What of an item document is put into words for the encoder."""

from __future__ import annotations

from recaug.item_text import TEXT_CHARS, text_of, text_sha256, words_of


def test_name_brand_categories_and_description_in_this_order() -> None:
    document = {
        "item_id": "i",
        "description": "Warm.",
        "categories": ["Camping", "Bags"],
        "brand": "Basecove",
        "name": "Sleeping Bag",
        "price": 3,
    }
    assert text_of(document) == "Sleeping Bag. Basecove. Camping. Bags. Warm."


def test_a_document_without_words_is_its_id() -> None:
    assert text_of({"item_id": "i7", "name": "", "categories": []}) == "i7"
    assert words_of({"item_id": "i7", "name": "", "categories": [], "price": 3}) == ""


def test_text_is_bounded() -> None:
    assert len(text_of({"name": "x" * 10_000})) == TEXT_CHARS


def test_the_hash_changes_with_what_is_encoded_only() -> None:
    document = {"item_id": "i", "name": "Tent"}
    assert text_sha256(text_of(document)) == text_sha256(text_of({**document, "price": 9}))
    assert text_sha256(text_of(document)) != text_sha256(text_of({**document, "name": "Tarp"}))
