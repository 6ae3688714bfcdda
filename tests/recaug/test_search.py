"""Searches answered: items whose texts point to the right or up, and an encoder of those two words.

What `up` is for gains 50 · (cosine − .3): b1 35, b2 34.7, ab 20.4, which is more than the model's
own scores of at most 1 can turn.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from recaug.batch import Float32
from recaug.recommend import Recommender
from tests.recaug.asking import (
    SETTINGS,
    TEXT_MAP,
    VECTORS,
    codes,
    ids,
    one,
    popular,
    request,
    served,
)

WORDS = {"right": [1, 0, 0], "up": [0, 1, 0]}


def encode(texts: Sequence[str]) -> Float32:
    return np.array([WORDS.get(text, [0, 0, 1]) for text in texts], np.float32)


def search(*clicks: str, words: str = "up", **more: Any) -> Any:
    return request(*clicks, event="search", search_term=words, item_id=None, **more)


def reading(recommender: Recommender) -> Recommender:
    """Popular are a1 and a2: what points to the right."""
    for item, (right, up) in VECTORS.items():
        recommender.vector(item, np.array([right, up, 0]) / np.hypot(right, up))
    popular(recommender, a1=3, a2=2, other=1)
    recommender.read(encode)
    return recommender


@pytest.fixture
def reader(tmp_path: Path) -> Recommender:
    return reading(served(tmp_path, text_map=TEXT_MAP))


def retrievers(message: dict[str, Any]) -> list[str]:
    return [item["retriever"] for item in message["items"]]


def test_a_newcomer_who_searches_gets_what_they_search_for(reader: Recommender) -> None:
    message = one(reader, search())
    assert ids(message) == ["b1", "b2", "ab"]
    assert message["fallback"] is None
    assert retrievers(message) == ["search"] * 3
    assert codes(message) == [["matches_search"]] * 3
    scores = [item["score"] for item in message["items"]]
    assert scores == pytest.approx([35.0, 34.7, 20.36], abs=0.2)
    assert ids(one(reader, search(words="RIGHT "))) == ["a1", "a2", "ab"]


def test_what_was_done_and_what_is_searched_for_count_both(reader: Recommender) -> None:
    assert ids(one(reader, request("b1"))) == ["b2", "ab", "a2"]
    message = one(reader, search("b1", words="right"))
    assert ids(message) == ["a1", "a2", "ab"]
    assert message["fallback"] is None
    assert ids(one(reader, search("b1"))) == ["b2", "ab", "a2"]  # b1 was had


def test_before_a_model_there_is_what_is_searched_for_then_what_is_popular() -> None:
    recommender = reading(Recommender(SETTINGS))
    recommender.item("b2", None)
    message = one(recommender, search())
    assert (message["fallback"], ids(message)) == ("popular", ["b1", "ab", "a1"])
    assert retrievers(message) == ["search", "search", "popularity"]
    assert codes(message) == [["matches_search"], ["matches_search"], ["popular"]]


def test_an_item_that_nobody_has_touched_is_found(reader: Recommender) -> None:
    reader.item("new", {"name": "up"})
    reader.vector("new", np.array([0, 1, 0], np.float16))
    message = one(reader, search("b1"))
    assert ids(message)[0] == "new"
    assert codes(message)[0] == ["matches_search", "similar_to_recent_click", "new_item"]
    reader.vector("new", None)
    assert "new" not in ids(one(reader, search("b1")))


def test_a_refusal_holds_and_the_query_is_answered_all_the_same(reader: Recommender) -> None:
    """The list is that of anybody who types the same."""
    message = one(reader, search("b1", "a1", consent=False))
    assert (message["fallback"], ids(message)) == ("consent", ["b1", "b2", "ab"])
    assert message["items"] == one(reader, search())["items"]
    assert message["items"] == one(reader, search("ab", "b2", consent=False))["items"]


def test_while_the_store_is_away_the_query_is_answered(reader: Recommender) -> None:
    message = one(reader, search("b1", known=False))
    assert (message["fallback"], ids(message)) == ("state_unavailable", ["b1", "b2", "ab"])


def test_a_hidden_item_is_found_by_no_search(reader: Recommender) -> None:
    reader.item("b1", {"is_hidden": True})
    assert ids(one(reader, search())) == ["b2", "ab", "a1"]


def test_a_click_between_searches_is_answered_as_ever(reader: Recommender) -> None:
    alone = one(reader, request("b1"))["items"]
    asked = [search(), request("b1"), search("b1")]
    answers = [one(reader, each)["items"] for each in asked]
    together = [json.loads(answer.value)["items"] for answer in reader.answer(asked, 1.0)]
    assert together == answers
    assert answers[1] == alone


@pytest.mark.parametrize("words", ["nonsense", "?!", "👟", "\x00", "x" * 10_000])
def test_what_nothing_is_like_changes_nothing(reader: Recommender, words: str) -> None:
    assert ids(one(reader, search("b1", words=words))) == ["b2", "ab", "a2"]
    newcomer = one(reader, search(words=words))
    assert (newcomer["fallback"], ids(newcomer)) == ("no_history", ["a1", "a2", "other"])


def test_the_vectors_of_another_encoder_are_not_compared(reader: Recommender) -> None:
    reader.vector("b1", np.array([0, 1, 0, 0]))
    assert ids(one(reader, search())) == ["b2", "ab", "a1"]
    reader.vector("b1", np.array([0, 1, 0]))
    assert ids(one(reader, search())) == ["b1", "b2", "ab"]
