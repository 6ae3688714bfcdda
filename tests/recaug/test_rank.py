"""Every way to rank a table gives what sorting all its scores gives."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recaug import rank_device, rank_groups
from recaug.batch import FIRST_ROW, Batch, Float32, Int64
from recaug.encoder import DeviceEncoder, HostEncoder
from recaug.mirror import LOUDEST, Copy, Quantised
from recaug.provider import session
from recaug.rank import Checked, Ranking, Whole, doubtful
from recaug.rank_device import OnDevice
from recaug.rank_groups import Grouped
from recaug.settings import Settings
from recaug.table import MASK, STEP, ItemTable
from tests.recaug import tiny

SETTINGS = Settings(provider="cpu")
WIDTH = 4
#: The device of these is the memory of this machine: the same graphs and the same binding.
WAYS: dict[str, Callable[[ItemTable], Ranking]] = {
    "whole": lambda table: Whole(table, SETTINGS),
    "groups": lambda table: Grouped(table, "fp32", SETTINGS),
    "groups int8": lambda table: Checked(
        Grouped(table, "int8", SETTINGS), Grouped(table, "fp32", SETTINGS)
    ),
    "device": lambda table: OnDevice(table, Copy(table, "fp32", "cpu", SETTINGS), SETTINGS),
    "device fp16": lambda table: Checked(
        OnDevice(table, Copy(table, "fp16", "cpu", SETTINGS), SETTINGS),
        OnDevice(table, Copy(table, "fp32", "cpu", SETTINGS), SETTINGS),
    ),
}


@pytest.fixture(params=WAYS)
def way(request: pytest.FixtureRequest) -> Callable[[ItemTable], Ranking]:
    return WAYS[request.param]


def table_of(vectors: Float32, limit: int = 10_000) -> ItemTable:
    """Items i0, i1, … from row 2 on."""
    every = np.concatenate([np.zeros((FIRST_ROW, vectors.shape[1]), np.float32), vectors])
    return ItemTable(every, [f"i{n}" for n in range(len(vectors))], limit)


def expected(table: ItemTable, users: Float32, seen: Int64) -> tuple[Float32, list[Int64]]:
    """All scores (B, N) and, for each user, the rows that may be shown, sorted."""
    scores = users @ table.vectors.T
    scores[:, table.bias < 0] = MASK
    np.put_along_axis(scores, seen, MASK, axis=1)
    order = np.argsort(-scores, axis=1, kind="stable")
    return scores, [one[all_[one] > MASK / 2] for one, all_ in zip(order, scores, strict=True)]


def assert_ranked(ranking: Ranking, table: ItemTable, users: Float32, seen: Int64, k: int) -> None:
    scores, rows = ranking.top(users, seen, k)
    every, lists = expected(table, users, seen)
    assert scores.shape == rows.shape == (len(users), k)
    for user, wanted in enumerate(lists):
        shown = scores[user] > MASK / 2
        assert rows[user][shown].tolist() == wanted[:k].tolist()
        assert scores[user][shown].tolist() == every[user][wanted[:k]].tolist()
        assert (np.diff(scores[user]) <= 0).all()


@st.composite
def worlds(draw: st.DrawFn) -> tuple[ItemTable, Float32, Int64, int]:
    """Numbers of −1, 0 and 1, so that every precision is exact and most scores are tied."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    items, users = draw(st.integers(1, 3_000)), draw(st.integers(1, 9))
    table = table_of(rng.integers(-1, 2, (items, WIDTH)).astype(np.float32))
    for item in rng.integers(0, items, draw(st.sampled_from([0, 1, 40, 2_000]))):
        table.hide(f"i{item}")
    asked = rng.integers(-1, 2, (users, WIDTH)).astype(np.float32)
    seen = rng.integers(0, items + FIRST_ROW, (users, draw(st.sampled_from([1, 3, 200]))))
    return table, asked, seen, draw(st.sampled_from([1, 2, 10, 100]))


@settings(max_examples=60, deadline=None)
@given(worlds(), st.sampled_from([*WAYS]), st.sampled_from([STEP, 2 * STEP, 1 << 20]))
def test_it_is_a_sorted_list_of_all_scores(
    world: tuple[ItemTable, Float32, Int64, int], way: str, tile: int
) -> None:
    table, users, seen, k = world
    with pytest.MonkeyPatch.context() as small:
        # Tables of any size are taken to be large ones, in tiles of a few steps of rows.
        small.setattr(rank_groups, "WHOLE", 0)
        small.setattr(rank_groups, "LONGEST", tile)
        small.setattr(rank_device, "TILE", tile)
        small.setattr(rank_groups, "MANY", 1_024)
        assert_ranked(WAYS[way](table), table, users, seen, k)


def test_of_a_thousand_equal_items_the_first_are_shown(
    way: Callable[[ItemTable], Ranking], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rank_groups, "WHOLE", 0)
    table = table_of(np.ones((1_000, WIDTH), np.float32))
    scores, rows = way(table).top(np.ones((1, WIDTH), np.float32), np.array([[3, 5]]), 5)
    assert rows[0].tolist() == [2, 4, 6, 7, 8]
    assert scores[0].tolist() == [4.0] * 5


def test_an_item_is_ranked_as_soon_as_it_is_written(
    way: Callable[[ItemTable], Ranking], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rank_groups, "WHOLE", 0)
    rng = np.random.default_rng(1)
    table = table_of(rng.uniform(-1, 1, (700, WIDTH)).astype(np.float32))
    ranking, user, none = way(table), np.ones((1, WIDTH), np.float32), np.zeros((1, 1), np.int64)
    # Longer each time than anything before it, and often enough that the table moves twice.
    for n in range(2_000):
        table.put(f"new{n}", np.full(WIDTH, 2 + n / 64, np.float32))
        table.show(f"new{n}")
        if n % 97 == 0:
            assert ranking.top(user, none, 1)[1].tolist() == [[702 + n]]
    table.put("new5", np.full(WIDTH, 50, np.float32))
    assert ranking.top(user, none, 2)[1].tolist() == [[707, 702 + 1_999]]
    table.hide("new5")
    assert ranking.top(user, none, 1)[1].tolist() == [[702 + 1_999]]


def test_rounded_scores_find_what_exact_ones_do() -> None:
    """Among 30,000 random directions the rounded search is never in doubt, and right."""
    rng = np.random.default_rng(2)
    vectors, users = (_units(rng.normal(size=(n, 64))) for n in (30_000, 64))
    table = table_of(vectors, limit=30_000)
    users, seen = users / np.float32(0.07), rng.integers(0, 30_000, (64, 50))
    exact_scores, exact = WAYS["whole"](table).top(users, seen, 20)
    copy = Copy(table, "fp16", "cpu", SETTINGS)
    for search in (Grouped(table, "int8", SETTINGS), OnDevice(table, copy, SETTINGS)):
        found = search.search(users, seen, 20)
        assert not doubtful(found).any()
        np.testing.assert_allclose(found.scores, exact_scores, rtol=1e-5)
        assert np.mean(found.rows == exact) > 0.99  # the rest are rounded to the same score


def test_among_near_duplicates_the_search_doubts_itself_and_the_answer_is_exact() -> None:
    """20 clusters of 300 items closer to each other than eight bits can tell."""
    rng = np.random.default_rng(5)
    centres = _units(rng.normal(size=(20, 16)))
    vectors = _units(np.repeat(centres, 300, axis=0) + 0.01 * rng.normal(size=(6_000, 16)))
    table, seen = table_of(vectors), np.zeros((20, 1), np.int64)
    exact = WAYS["whole"](table).top(centres, seen, 10)
    search = Grouped(table, "int8", SETTINGS)
    rounded = search.search(centres, seen, 10)
    assert doubtful(rounded).all()
    assert np.abs(rounded.scores - exact[0]).max() > 1e-5
    scores, _ = Checked(search, Grouped(table, "fp32", SETTINGS)).top(centres, seen, 10)
    np.testing.assert_allclose(scores, exact[0], rtol=1e-6)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 64), st.floats(-2, 2))
def test_a_score_is_never_above_what_its_product_allows(seed: int, width: int, mean: float) -> None:
    rng = np.random.default_rng(seed)
    vectors, users = (rng.normal(mean, 1, (n, width)).astype(np.float32) for n in (50, 5))
    quantised = Quantised(table_of(vectors), LOUDEST)
    numbers = quantised.rows().astype(np.int32)[2:52]
    columns = quantised.columns(users)
    products = numbers @ columns.numbers.astype(np.int32)  # (50, 5)
    most = np.stack([columns.most(line) for line in products])
    scores = vectors @ users.T
    assert (most >= scores).all()
    assert (most - scores <= 10.5 * columns.spread + 1e-4).all()


def test_a_million_items_are_ranked_without_all_their_scores() -> None:
    """64 users' scores of a million items would be 256 MB; the table is 16 MB."""
    rng = np.random.default_rng(3)
    table = table_of(rng.standard_normal((1_000_000, WIDTH), np.float32), limit=1_000_000)
    users = rng.standard_normal((64, WIDTH), np.float32)
    seen = rng.integers(0, 1_000_000, (64, 50))
    for precision in ("fp32", "int8"):
        ranking = Grouped(table, precision, SETTINGS)  # type: ignore[arg-type]
        before = _reset_peak_mb()
        _, rows = ranking.top(users, seen, 20)
        assert _status_mb("VmHWM") - before < 100
        assert not (rows[:, :, None] == seen[:, None, :]).any()


def test_a_model_reads_the_copy_of_the_table_on_its_device() -> None:
    rng = np.random.default_rng(4)
    table = table_of(rng.integers(-3, 4, (300, 2)).astype(np.float32))
    graph, copy = session(tiny.graph(), SETTINGS), Copy(table, "fp32", "cpu", SETTINGS)
    host, device = HostEncoder(graph, table), DeviceEncoder(graph, table, copy)
    items = rng.integers(0, 302, (40, 5))
    batch = Batch(items, np.ones_like(items), np.zeros(items.shape, np.float32))
    for _ in range(2):
        np.testing.assert_array_equal(host.users(batch), device.users(batch))
        for n in range(400):
            table.put(f"new{n}", np.full(2, n, np.float32))
        items[:] = rng.integers(300, 702, items.shape)


def _units(vectors: np.ndarray[Any, Any]) -> Float32:
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def _status_mb(name: str) -> float:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith(name))


def _reset_peak_mb() -> float:
    """What this process holds now, from here on also its peak."""
    Path("/proc/self/clear_refs").write_text("5")
    return _status_mb("VmRSS")
