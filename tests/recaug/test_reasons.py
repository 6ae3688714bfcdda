from __future__ import annotations

import numpy as np

from recaug.reasons import evidence

# Rows 0 and 1 are no items; 2 and 3 point right, 4 up, 5 left.
VECTORS = np.array([[0, 0], [0, 0], [1, 0], [5, 0.1], [0, 1], [-1, 0]], np.float32)
CENTRE = np.zeros(2, np.float32)


def cause(recent: list[int], ranked: list[int]) -> list[int]:
    found: list[int] = evidence(VECTORS, CENTRE, np.array([recent]), np.array([ranked]))[0].tolist()
    return found


def test_the_nearest_recent_item_is_the_cause() -> None:
    assert cause([4, 2], [3, 4]) == [2, 4]


def test_what_is_like_nothing_recent_has_no_cause() -> None:
    assert cause([4, 2], [5]) == [0]


def test_padding_and_unknown_items_are_never_a_cause() -> None:
    assert cause([0, 1], [2, 5]) == [0, 0]


def test_what_all_items_have_in_common_is_no_likeness() -> None:
    shifted = VECTORS + 100
    recent, ranked = np.array([[4]]), np.array([[2, 5]])
    assert evidence(shifted, CENTRE, recent, ranked).tolist() == [[4, 4]]
    assert evidence(shifted, CENTRE + 100, recent, ranked).tolist() == [[0, 0]]
