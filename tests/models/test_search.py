"""A search, read by the real encoder and answered by a model to which all items are alike."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from recaug.history import History
from recaug.message import Request
from recaug.recommend import Recommender
from recaug.settings import Settings
from recaug.text import TextEncoder
from streams.searches import Searches
from tests.recaug import tiny

NOW = 1_764_000_000_000
TITLES = {
    "sku-1": "Frost 3 Tent, 2-Person. Basecove. Camping",
    "sku-2": "Alpine Sleeping Bag. Basecove. Camping",
    "sku-3": "Stainless Steel Kettle 1.7 l. Brewell. Kitchen",
    "sku-4": "Espresso Machine. Brewell. Kitchen",
    "sku-5": "Running Shoes, Women. Stride. Sport",
    "sku-6": "Rain Jacket, Kids. Drizzle. Clothing",
    "sku-7": "Wireless Headphones. Auralis. Electronics",
    "sku-8": "Desk Lamp, Oak. Lumen. Furniture",
}


@pytest.fixture(scope="module")
def recommender(encoder: Path, tmp_path_factory: pytest.TempPathFactory) -> Recommender:
    made = Recommender(Settings(list_size=2))
    made.swap(tiny.bundle(tmp_path_factory.mktemp("search"), {item: [1.0, 0.0] for item in TITLES}))
    rows = TextEncoder.load(encoder).encode(list(TITLES.values()))
    for item, row in zip(TITLES, rows, strict=True):
        made.vector(item, row)
    searches = Searches(encoder, made.read)
    searches.start()
    searches.close()  # what it has begun it ends
    return made


def found(recommender: Recommender, words: str) -> list[dict[str, Any]]:
    """The list of a newcomer who searches for these words."""
    event = {"event": "search", "event_id": f"e-{words}", "timestamp": NOW, "user_id": "u",
             "search_term": words}  # fmt: skip
    (answer,) = recommender.answer([Request(event, History(), "recaug.events", 0, 1, NOW)], NOW)
    items: list[dict[str, Any]] = json.loads(answer.value)["items"]
    return items


@pytest.mark.parametrize("item", TITLES)
def test_words_of_a_title_find_the_item(recommender: Recommender, item: str) -> None:
    first, *_ = found(recommender, TITLES[item].split(".")[0].split(",")[0])
    assert first["item_id"] == item
    assert first["reasons"][0] == {"code": "matches_search"}


@pytest.mark.parametrize(
    ("words", "item"), [("sneakers", "sku-5"), ("coffee maker", "sku-4"), ("earphones", "sku-7")]
)
def test_so_do_other_words_for_the_same(recommender: Recommender, words: str, item: str) -> None:
    assert item in [one["item_id"] for one in found(recommender, words)]


@pytest.mark.parametrize(
    "words", ["", " ", "\x00\x1b[2J", "👟" * 50, "ａ" * 10_000, "茶壺", "\u202e kettle", "'; --"]
)
def test_any_query_is_answered(recommender: Recommender, words: str) -> None:
    assert len(found(recommender, words)) <= 2


def test_before_there_is_an_encoder_nothing_is_read(tmp_path: Path) -> None:
    given: list[Any] = []
    searches = Searches(tmp_path / "none", given.append, look_s=0.001)
    searches.start()
    searches.close()
    assert given == []
