from __future__ import annotations

from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recaug.catalogue import Catalogue

SHOWN = {"name": "a"}


@pytest.mark.parametrize(
    "document",
    [None, {"is_hidden": True}, {"availability": "out_of_stock"}],
    ids=["deleted", "hidden", "out of stock"],
)
def test_a_withheld_item_is_hidden_until_a_document_shows_it(
    document: dict[str, object] | None,
) -> None:
    catalogue = Catalogue(10)
    catalogue.put("i1", SHOWN)
    catalogue.put("i1", document)
    assert catalogue.hides("i1") and not catalogue.shows("i1")
    assert list(catalogue.newest()) == []
    catalogue.put("i1", {"availability": "preorder", "is_hidden": False})
    assert catalogue.shows("i1") and not catalogue.hides("i1")


def test_an_item_without_a_document_is_neither_shown_nor_hidden() -> None:
    catalogue = Catalogue(10)
    assert not catalogue.shows("i1") and not catalogue.hides("i1")


def test_newest_first_and_an_update_keeps_its_place() -> None:
    catalogue = Catalogue(10)
    for item in ("i1", "i2", "i3", "i1"):
        catalogue.put(item, SHOWN)
    assert list(islice(catalogue.newest(), 2)) == ["i3", "i2"]


def test_beyond_capacity_new_items_stay_unknown_and_old_ones_are_kept() -> None:
    catalogue = Catalogue(2)
    for item in ("i1", "i2", "i3"):
        catalogue.put(item, SHOWN)
    assert [catalogue.shows(f"i{n}") for n in (1, 2, 3)] == [True, True, False]
    for item in ("h1", "h2", "h3"):
        catalogue.put(item, None)
    assert sorted(catalogue.hidden) == ["h2", "h3"]


DOCUMENTS = st.sampled_from([None, SHOWN, {"is_hidden": True}, {"availability": "in_stock"}])


@given(st.lists(st.tuples(st.sampled_from("abcdef"), DOCUMENTS)))
def test_the_last_document_decides(changes: list[tuple[str, dict[str, object] | None]]) -> None:
    catalogue = Catalogue(6)
    for item, document in changes:
        catalogue.put(item, document)
    for item, document in dict(changes).items():
        shown = document is not None and not document.get("is_hidden")
        assert (catalogue.shows(item), catalogue.hides(item)) == (shown, not shown)
    assert len(catalogue) == len(list(catalogue.newest()))
