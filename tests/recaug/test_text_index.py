from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recaug import text_index
from recaug.batch import Float32
from recaug.settings import Settings
from recaug.text_index import FIRST, TextIndex


def unit(rng: np.random.Generator, count: int, width: int) -> Float32:
    found = rng.standard_normal((count, width)).astype(np.float32)
    return found / np.linalg.norm(found, axis=1, keepdims=True)


def index(**vectors: list[float]) -> TextIndex:
    made = TextIndex(2, Settings())
    for item, vector in vectors.items():
        made.put(item, np.array(vector))
    return made


def near(made: TextIndex, *query: float, k: int = 2) -> list[str]:
    ((items, _),) = made.near(np.array([query], np.float32), k)
    return list(items)


def test_the_nearest_come_first_with_their_cosines() -> None:
    made = index(right=[1, 0], up=[0, 1], between=[0.6, 0.8])
    (right, up) = made.near(np.array([[1, 0], [0, 1]], np.float32), 3)
    assert (right[0], up[0]) == (["right", "between", "up"], ["up", "between", "right"])
    assert right[1].tolist() == pytest.approx([1, 0.6, 0], abs=0.01)
    assert up[1].tolist() == pytest.approx([1, 0.8, 0], abs=0.01)


def test_what_is_put_again_moves_and_what_is_removed_is_gone() -> None:
    made = index(a=[1, 0], b=[0, 1], c=[0.6, 0.8])
    made.put("a", np.array([-1, 0]))
    assert near(made, 1, 0) == ["c", "b"]
    made.remove("b")
    made.remove("nobody")
    assert (len(made), near(made, 0, 1, k=9)) == (2, ["c", "a"])
    made.remove("c")
    made.remove("a")
    assert (len(made), near(made, 0, 1)) == (0, [])
    made.put("a", np.array([1, 0]))
    assert near(made, 1, 0) == ["a"]


@given(st.integers(0, 2**32 - 1), st.integers(1, 3 * FIRST), st.sampled_from([100, 1_000]))
def test_as_comparing_everything_but_for_a_rounding(seed: int, count: int, tile: int) -> None:
    rng = np.random.default_rng(seed)
    vectors, queries = unit(rng, count, 48), unit(rng, 2, 48)
    made = TextIndex(48, Settings())
    for number, vector in enumerate(vectors):
        made.put(str(number), vector)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(text_index, "TILE", tile)
        found = made.near(queries, 5)
    for (items, cosines), exact in zip(found, queries @ vectors.T, strict=True):
        best = -np.sort(-exact)[:5]
        assert cosines == pytest.approx(best, abs=0.02)
        assert exact[[int(item) for item in items]] == pytest.approx(best, abs=0.04)
