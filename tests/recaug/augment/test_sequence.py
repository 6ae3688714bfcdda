import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from recaug.augment.registry import VIEWS
from recaug.augment.rows import Rows, neighbours
from recaug.augment.sequence import View, crop, delete, insert, mask, reorder, subset, substitute
from recaug.batch import UNKNOWN_ROW

FAR = 10_000
SIMILAR = np.concatenate([[0, 1], np.arange(FAR + 2, 2 * FAR)])  # row i is like row i + FAR


def some(sizes: list[int], width: int = 10) -> Rows:
    """Sequences of these sizes, every event an item of its own, kinds and times to match."""
    column = np.arange(width)
    real = column >= width - np.array(sizes)[:, None]
    items = np.where(real, 2 + np.arange(len(sizes) * width).reshape(-1, width), 0)
    return Rows(
        items, np.where(real, 1 + items % 11, 0), np.where(real, items * 1_000, 0), real,
        np.zeros(len(sizes), np.int8), np.arange(len(sizes)),
    )  # fmt: skip


def kept(row: np.ndarray) -> list[int]:
    return [int(item) for item in row if item]


sizes_ = st.lists(st.integers(1, 10), min_size=1, max_size=8)
seeds = st.integers(0, 2**32 - 1)
views_ = st.sampled_from(list(VIEWS.values()))


@settings(deadline=None)
@given(sizes_, seeds, views_)
def test_every_view_keeps_its_shape_and_its_padding_in_front(
    sizes: list[int], seed: int, view_of: View
) -> None:
    rows = some(sizes)
    view = view_of(rows, SIMILAR, np.random.default_rng(seed))
    for part in (view.items, view.kinds, view.times_ms, view.real):
        assert part.shape == rows.items.shape
    there = view.items > 0
    assert (np.diff(there.astype(int), axis=1) >= 0).all()
    assert there[:, -1].all()
    assert not view.real[~there].any()
    assert (view.kinds[there] > 0).all()
    times = np.where(there, view.times_ms, 0)
    assert (np.diff(times, axis=1) >= 0).all()


@settings(deadline=None)
@given(sizes_, seeds, views_)
def test_what_is_called_real_was_done_by_that_user(
    sizes: list[int], seed: int, view_of: View
) -> None:
    rows = some(sizes)
    view = view_of(rows, SIMILAR, np.random.default_rng(seed))
    for before, after, real in zip(rows.items, view.items, view.real, strict=True):
        assert set(after[real].tolist()) <= set(kept(before))


@settings(deadline=None)
@given(sizes_, seeds)
def test_crop_is_a_contiguous_part(sizes: list[int], seed: int) -> None:
    rows = some(sizes)
    view = crop(rows, SIMILAR, np.random.default_rng(seed))
    for before, after in zip(rows.items, view.items, strict=True):
        whole, part = kept(before), kept(after)
        assert len(part) >= 0.6 * len(whole)
        assert any(whole[i : i + len(part)] == part for i in range(len(whole)))


@settings(deadline=None)
@given(sizes_, seeds)
def test_reorder_moves_one_part_and_loses_nothing(sizes: list[int], seed: int) -> None:
    rows = some(sizes)
    view = reorder(rows, SIMILAR, np.random.default_rng(seed))
    assert np.array_equal(np.sort(view.items), np.sort(rows.items))
    assert np.array_equal(view.times_ms, rows.times_ms)
    for before, after in zip(rows.items, view.items, strict=True):
        moved = np.flatnonzero(before != after)
        assert len(moved) == 0 or moved[-1] - moved[0] < 2


@settings(deadline=None)
@given(sizes_, seeds, st.sampled_from([(mask, UNKNOWN_ROW), (substitute, FAR)]))
def test_mask_and_substitute_change_items_only(
    sizes: list[int], seed: int, case: tuple[View, int]
) -> None:
    view_of, by = case
    rows = some(sizes)
    view = view_of(rows, SIMILAR, np.random.default_rng(seed))
    changed = view.items != rows.items
    expected = np.full_like(rows.items, by) if view_of is mask else rows.items + by
    assert np.array_equal(view.items[changed], expected[changed])
    assert np.array_equal(view.real, rows.real & ~changed)
    assert np.array_equal(view.kinds, rows.kinds)


@settings(deadline=None)
@given(sizes_, seeds)
def test_insert_puts_similar_items_before_real_ones(sizes: list[int], seed: int) -> None:
    rows = some(sizes)
    view = insert(rows, SIMILAR, np.random.default_rng(seed))
    for before, after, real in zip(rows.items, view.items, view.real, strict=True):
        own = after[real].tolist()
        assert kept(before)[len(kept(before)) - len(own) :] == own
        for at in np.flatnonzero((after > 0) & ~real):
            assert after[at] == after[at + 1] + FAR


@settings(deadline=None)
@given(sizes_, seeds, st.sampled_from([delete, subset]))
def test_what_is_left_out_leaves_the_rest_in_order_and_the_newest(
    sizes: list[int], seed: int, view_of: View
) -> None:
    rows = some(sizes)
    view = view_of(rows, SIMILAR, np.random.default_rng(seed))
    for before, after in zip(rows.items, view.items, strict=True):
        left = kept(after)
        assert left == sorted(left), "items are numbered in order"
        assert set(left) <= set(kept(before)) and left[-1] == before[-1]
    assert np.array_equal(view.real, view.items > 0), "all that is left was done"


def test_a_subset_is_about_half_and_a_fifth_is_deleted() -> None:
    rows = some([10] * 2_000)
    for view_of, share in ((subset, 0.5), (delete, 0.8)):
        view = view_of(rows, SIMILAR, np.random.default_rng(0))
        # Nine of ten are free to go; four standard deviations of 18,000 draws.
        expected, spread = (1 + 9 * share) / 10, 4 * (share * (1 - share) / 18_000) ** 0.5
        assert abs((view.items > 0).mean() - expected) < spread


def test_a_view_that_changes_something_is_found_for_every_operator() -> None:
    rows = some([10] * 20)
    for name, view_of in VIEWS.items():
        view = view_of(rows, SIMILAR, np.random.default_rng(1))
        assert not np.array_equal(view.items, rows.items), name


def test_neighbours_follow_most_often() -> None:
    items = np.array([[0, 2, 3, 4], [2, 3, 2, 4], [0, 0, 4, 4]])
    assert neighbours(items, 6).tolist() == [0, 1, 3, 4, 4, 5]
