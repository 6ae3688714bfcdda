"""What other scorers add: by hand, and that comparing few rows ranks as comparing all would."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recaug.batch import FIRST_ROW
from recaug.fusion import BUCKETS, FAVOURITES, LEAST_SHARE, Fusion, Weights
from recaug.table import MASK, ItemTable
from recaug.told import NOTHING, Told, candidates, newcomers, told

TABLE = ItemTable(np.eye(5, 4, dtype=np.float32), ["a", "b", "c"], 16)
A, B, C = 2, 3, 4


def weighed(sessions: float, popularity: float) -> Fusion:
    return Fusion((Weights(sessions, popularity),) * len(BUCKETS))


def test_votes_and_popularity_become_gains_by_the_length_of_history() -> None:
    weights = [Weights(0.0, 0.0)] * len(BUCKETS)
    weights[1], weights[3] = Weights(2.0, 0.0), Weights(1.0, 0.5)
    votes = (["b", "elsewhere"], np.array([3.0, 1.0]))
    said = told(Fusion(tuple(weights)), TABLE, [1, 4], [votes, NOTHING], [("a", 1.0), ("c", 1.0)])
    assert said.neighbours == 2
    assert said.rows.tolist() == [[B, 0, A, C], [0, 0, A, C]]
    half = 0.5 * math.log1p(0.5 / LEAST_SHARE)
    assert said.gains[0].tolist() == pytest.approx(
        [2 * math.log1p(0.75 / LEAST_SHARE), 2 * math.log1p(0.25 / LEAST_SHARE), 0, 0]
    )
    assert said.gains[1].tolist() == pytest.approx([0, 0, half, half])


def test_favourites_count_by_how_far_they_are_above_the_next_item() -> None:
    table = ItemTable(np.ones((FAVOURITES + 3, 1), np.float32), [f"i{n}" for n in range(101)], 200)
    popular = [("i0", 50.0)] + [(f"i{n}", 1.0) for n in range(1, 101)]
    said = told(weighed(0.0, 1.0), table, [1], [NOTHING], popular)
    assert said.rows.tolist() == [list(range(2, FAVOURITES + 2))]
    share, border = 50.0 / 149.0, 1.0 / 149.0
    ahead = math.log1p(share / LEAST_SHARE) - math.log1p(border / LEAST_SHARE)
    assert said.gains[0].tolist() == pytest.approx([ahead, *[0.0] * (FAVOURITES - 1)])


def test_nobody_says_anything() -> None:
    said = told(weighed(1.0, 1.0), TABLE, [3], [NOTHING], [])
    assert said.rows.shape == said.gains.shape == (1, 0)
    rows, bias = candidates(np.array([[C, A]]), said, np.array([[0]]), TABLE)
    assert rows.tolist() == [[A, C]]
    assert bias.tolist() == [[0.0, 0.0]]


def grown(trained: int, new: int) -> ItemTable:
    """Row i is the unit vector i, so that a user's vector is what the model scores each row."""
    size = FIRST_ROW + trained + new
    rows = np.eye(size, dtype=np.float32)
    table = ItemTable(rows[: size - new], [f"i{n}" for n in range(trained)], size)
    for number in range(new):
        table.put(f"new{number}", rows[size - new + number])
        table.show(f"new{number}")
    return table


def test_the_best_new_rows_that_were_not_seen() -> None:
    table = grown(2, 4)  # new rows 4 … 7
    users = np.array([[9, 9, 9, 9, 1, 4, 3, 2], [9, 9, 9, 9, 1, 2, 3, 4]], np.float32)
    seen = np.array([[5, 0], [2, 3]])
    found = newcomers(table, users, seen, 2)
    assert sorted(found[0].tolist()) == [6, 7]
    assert sorted(found[1].tolist()) == [6, 7]
    assert newcomers(grown(2, 0), users[:, :4], seen % 4, 2).shape == (2, 0)


@given(st.data())
def test_the_candidates_hold_the_best_of_all_rows(data: st.DataObject) -> None:
    users, trained, new, k = (data.draw(st.integers(*r)) for r in ((1, 3), (1, 6), (0, 6), (3, 3)))
    table = grown(trained, new)
    size = FIRST_ROW + trained + new
    whole = st.integers(-3, 3)

    def drawn(shape: tuple[int, int], values: st.SearchStrategy[int]) -> np.ndarray:
        count = shape[0] * shape[1]
        flat = data.draw(st.lists(values, min_size=count, max_size=count))
        return np.array(flat, np.int64).reshape(shape)

    model = drawn((users, size), whole).astype(np.float32)
    for row in data.draw(st.lists(st.integers(FIRST_ROW, size - 1), max_size=2)):
        table.hide(table.ids[row])
    hidden = np.where(table.bias[:size] < 0, MASK, np.float32(0.0))
    seen = drawn((users, 2), st.integers(0, size - 1))
    model_bias = model + hidden
    np.put_along_axis(model_bias, seen, MASK, axis=1)
    own = np.argsort(-model_bias, axis=1, kind="stable")[:, :k]
    own = np.concatenate([own, newcomers(table, model, seen, k)], axis=1)
    neighbours = np.array([data.draw(st.permutations(range(size)))[:3] for _ in range(users)])
    favourites = np.tile(data.draw(st.permutations(range(2, size)))[:2], (users, 1))
    rows = np.concatenate([neighbours, favourites], axis=1)
    gains = drawn(rows.shape, st.integers(0, 5)).astype(np.float32)
    gains[rows == 0] = 0.0
    worth = drawn((users, 1), st.integers(0, 4))[:, 0].astype(np.float32)

    found, bias = candidates(own, Told(rows, gains, 3, worth), seen, table)
    assert (np.diff(found, axis=1) >= 0).all()
    every = model + hidden
    for line in range(users):
        np.add.at(every[line], rows[line], gains[line])
        every[line, table.trained :] += worth[line]
    np.put_along_axis(every, seen, MASK, axis=1)
    among = np.take_along_axis(model, found, axis=1) + bias
    # Of equal new rows any will do, so it is scores that are compared.
    for line in range(users):
        shown, wanted = (np.sort(scores[line])[::-1][:k] for scores in (among, every))
        assert shown[shown > MASK / 2].tolist() == wanted[wanted > MASK / 2].tolist()
