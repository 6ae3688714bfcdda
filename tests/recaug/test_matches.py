from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from recaug.batch import Float32
from recaug.matches import ALIKE, MOST, WORTH, joined, matches
from recaug.table import ItemTable
from recaug.told import Told, Votes, candidates

TABLE = ItemTable(np.eye(5, 4, dtype=np.float32), ["a", "b", "c"], 16)
A, B, C = 2, 3, 4
QUERY = np.array([1, 0], np.float16)


def near(queries: Float32, k: int) -> Sequence[Votes]:
    """As many items as the query has in its first number."""
    assert k == MOST
    names, cosines = ["c", "a", "elsewhere"], np.array([0.8, 0.4, ALIKE])
    return [(names[:n], cosines[:n]) for n in queries[:, 0].astype(int)]


def test_what_is_like_a_query_gains_by_how_much_it_is() -> None:
    none, three, alone, nothing = matches([None, 3 * QUERY, 1 * QUERY, 0 * QUERY], near)
    assert none is None and nothing is None
    assert three is not None and alone is not None
    assert three[0] == ["c", "a"]  # the third is as like as what makes no sense
    assert three[1].tolist() == pytest.approx([WORTH * (0.8 - ALIKE), WORTH * (0.4 - ALIKE)])
    assert alone[0] == ["c"]
    assert matches([None, None], near) == [None, None]


def test_it_is_said_beside_what_others_say() -> None:
    new = np.zeros(2, np.float32)
    said = Told(np.array([[A, B], [B, 0]]), np.array([[1, 2], [3, 0]], np.float32), 1, new)
    both = joined(said, TABLE, [None, (["c", "elsewhere", "a"], np.array([5.0, 4.0, 2.0]))])
    assert both.rows.tolist() == [[A, B, 0, 0, 0], [B, 0, C, 0, A]]
    assert both.gains.tolist() == [[1, 2, 0, 0, 0], [3, 0, 5, 4, 2]]
    assert (both.neighbours, both.matches) == (1, 3)
    assert joined(said, TABLE, [None, None]) is said


def test_what_everybody_speaks_for_is_added_up_once() -> None:
    table = ItemTable(np.eye(3, 4, dtype=np.float32), ["a"], 16)
    table.put("new", np.ones(4, np.float32))
    table.show("new")
    own, nobody = np.array([[3, 2, 3]]), np.array([[0]])
    others = Told(np.array([[3, 3]]), np.array([[1, 2]], np.float32), 1, np.array([8], np.float32))
    said = joined(others, table, [(["new"], np.array([4.0]))])
    rows, bias = candidates(own, said, nobody, table)
    assert rows.tolist() == [[2, 3, 3, 3, 3, 3]]
    assert bias[0, :2].tolist() == [0, 15]
    assert (bias[0, 2:] < -1_000).all()
