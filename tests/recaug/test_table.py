from __future__ import annotations

import numpy as np
import pytest

from recaug.table import MASK, STEP, ItemTable


def table(items: int = 3, limit: int = 10_000) -> ItemTable:
    """Item i0, i1, … whose vectors are [row, row]."""
    vectors = np.repeat(np.arange(items + 2, dtype=np.float32), 2).reshape(-1, 2)
    return ItemTable(vectors, [f"i{n}" for n in range(items)], limit)


def test_only_items_start_unmasked() -> None:
    some = table()
    assert some.bound == STEP
    assert some.bias[:6].tolist() == [MASK, MASK, 0.0, 0.0, 0.0, MASK]
    assert some.bias[6:].max() == MASK
    assert some.shown == len(some) == 3


def test_a_new_item_is_written_in_place_and_hidden_until_shown() -> None:
    some = table()
    vectors, bias = some.vectors, some.bias
    assert some.put("new", np.array([7, 8], np.float32))
    assert vectors[5].tolist() == [7, 8]
    assert bias[5] == MASK
    some.show("new")
    assert bias[5] == 0.0
    assert some.rows_of(["new", "i0", "nobody"]) == [5, 2, 1]


def test_a_trained_row_keeps_its_vector_and_a_new_one_takes_its_latest() -> None:
    some = table()
    for vector in ([1, 1], [9, 9]):
        assert some.put("new", np.array(vector, np.float32))
        assert some.put("i0", np.array(vector, np.float32))
    assert some.vectors[[2, 5]].tolist() == [[2, 2], [9, 9]]
    assert some.is_trained(4) and not some.is_trained(5)


def test_growth_keeps_every_row_and_its_mask() -> None:
    some = table()
    for n in range(2_000):
        some.put(f"n{n}", np.array([n, -n], np.float32))
        if n % 2:
            some.show(f"n{n}")
    assert some.bound % STEP == 0 and some.bound >= 2_005
    assert some.vectors[5:2_005, 1].tolist() == [-n for n in range(2_000)]
    assert (some.bias[5:2_005] == 0.0).tolist() == [bool(n % 2) for n in range(2_000)]
    assert (some.bias[2_005:] == MASK).all()
    assert some.shown == 1_003


def test_an_allocation_is_counted_and_so_is_every_write() -> None:
    some = table()
    places, versions = {(some.allocation, some.bound)}, [some.version]
    for n in range(3 * STEP):
        some.put(f"n{n}", np.zeros(2, np.float32))
        places.add((some.allocation, some.bound))
        versions.append(some.version)
    assert {bound for _, bound in places} == {STEP, 2 * STEP, 3 * STEP, 4 * STEP}
    assert len(set(versions)) == len(versions)


def test_a_full_table_takes_no_more_and_a_vocabulary_always_fits() -> None:
    some = table(items=3, limit=4)
    assert some.put("n0", np.zeros(2, np.float32))
    assert not some.put("n1", np.zeros(2, np.float32))
    assert some.put("n0", np.ones(2, np.float32))
    assert len(table(items=300, limit=4)) == 300


def test_masking_an_item_without_a_row_changes_nothing() -> None:
    some = table()
    some.hide("nobody")
    some.show("nobody")
    assert (some.version, some.shown) == (0, 3)


def test_a_table_that_does_not_match_its_vocabulary_is_refused() -> None:
    with pytest.raises(ValueError, match="5 item vectors for a vocabulary of 2"):
        ItemTable(np.zeros((5, 2), np.float32), ["a", "b"], 10)
    with pytest.raises(ValueError, match="twice"):
        ItemTable(np.zeros((4, 2), np.float32), ["a", "a"], 10)
