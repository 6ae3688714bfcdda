"""The form of queries, which are encoded, which are kept."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recaug.batch import Float32
from recaug.bounds import Bound, counts
from recaug.events import Search
from recaug.searched import CHARS, Queries, query


def search(text: str) -> dict[str, Any]:
    return {"event": "search", "search_term": text}


class Lengths:
    """Each text as the vector [its length, 1]."""

    def __init__(self) -> None:
        self.asked: list[list[str]] = []

    def __call__(self, texts: Sequence[str]) -> Float32:
        self.asked.append(list(texts))
        return np.array([[len(text), 1] for text in texts], np.float32)


@pytest.fixture
def lengths() -> Lengths:
    return Lengths()


def read(queries: Queries, *texts: str) -> list[float | None]:
    found = queries.vectors([search(text) for text in texts])
    return [None if vector is None else float(vector[0]) for vector in found]


def met(bound: Bound) -> int:
    return counts()[bound]


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("Rain  JACKET ", "rain jacket"),
        ("Straße", "strasse"),
        ("usb-c", "usb-c"),
        ("茶壺", "茶壺"),
        ("?!", ""),
        ("👟🥚", ""),
        ("\x00\x1b", ""),
        (" ", ""),
    ],
)
def test_a_query_is_read_in_one_case_and_only_with_words_in_it(typed: str, read: str) -> None:
    assert query(search(typed)) == read


def test_a_long_query_is_read_up_to_a_length_and_counted() -> None:
    before = met(Bound.QUERY)
    assert query(search("a" * 10_000)) == "a" * CHARS
    assert query(search("b" * CHARS)) == "b" * CHARS
    assert met(Bound.QUERY) == before + 1


def test_only_a_search_says_what_is_wanted(lengths: Lengths) -> None:
    queries = Queries()
    queries.use(lengths)
    assert queries.vectors([{"event": "click", "item_id": "tent"}]) == [None]
    assert lengths.asked == []


def test_without_an_encoder_no_query_is_read() -> None:
    assert read(Queries(), "tent", "tent") == [None, None]


def test_what_is_asked_for_twice_is_encoded_once(lengths: Lengths) -> None:
    queries = Queries()
    queries.use(lengths)
    assert read(queries, "tent", "Tent", "axe") == [4, 4, 3]
    assert read(queries, "axe", "TENT") == [3, 4]
    assert lengths.asked == [["tent", "axe"]]


def test_the_query_asked_longest_ago_is_forgotten_first(lengths: Lengths) -> None:
    queries, before = Queries(kept=2), met(Bound.QUERY_VECTORS)
    queries.use(lengths)
    for text in ("a", "bb", "a", "ccc", "a", "bb"):
        assert read(queries, text) == [len(text)]
    assert lengths.asked == [["a"], ["bb"], ["ccc"], ["bb"]]
    assert met(Bound.QUERY_VECTORS) == before + 2


def test_a_batch_with_more_new_queries_than_there_is_time_for(lengths: Lengths) -> None:
    queries, before = Queries(kept=2, at_once=6), met(Bound.QUERIES_ENCODED)
    queries.use(lengths)
    assert read(queries, "a", "bb", "ccc", "dddd", "eeeee", "a") == [1, 2, 3, None, None, 1]
    assert met(Bound.QUERIES_ENCODED) == before + 2
    assert read(queries, "dddd") == [4]


@given(st.text(max_size=2_000))
def test_whatever_the_contract_lets_through_is_read(text: str) -> None:
    event = {"event": "search", "event_id": "e", "timestamp": 1_764_000_000_000, "user_id": "u"}
    try:
        found = Search.model_validate({**event, "search_term": text})
    except ValueError:
        return  # nothing is left of it: refused
    said = query(found.model_dump())
    assert len(said) <= CHARS
    assert said == query(search(said))  # reading it again changes nothing
