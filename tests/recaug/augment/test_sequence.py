import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from recaug.augment.sequence import Origin, Rows, counts, neighbours, view_of, views
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
        np.zeros(len(sizes), np.int8),
    )  # fmt: skip


def kept(row: np.ndarray) -> list[int]:
    return [int(item) for item in row if item]


sizes_ = st.lists(st.integers(1, 10), min_size=1, max_size=8)
seeds = st.integers(0, 2**32 - 1)


@settings(deadline=None)
@given(sizes_, seeds, st.sampled_from(list(Origin)))
def test_every_view_keeps_its_shape_and_its_padding_in_front(
    sizes: list[int], seed: int, kind: Origin
) -> None:
    rows = some(sizes)
    view = view_of(kind, rows, SIMILAR, np.random.default_rng(seed))
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
@given(sizes_, seeds, st.sampled_from(list(Origin)))
def test_what_is_called_real_was_done_by_that_user(
    sizes: list[int], seed: int, kind: Origin
) -> None:
    rows = some(sizes)
    view = view_of(kind, rows, SIMILAR, np.random.default_rng(seed))
    for before, after, real in zip(rows.items, view.items, view.real, strict=True):
        assert set(after[real].tolist()) <= set(kept(before))


@settings(deadline=None)
@given(sizes_, seeds)
def test_crop_is_a_contiguous_part(sizes: list[int], seed: int) -> None:
    rows = some(sizes)
    view = view_of(Origin.CROP, rows, SIMILAR, np.random.default_rng(seed))
    for before, after in zip(rows.items, view.items, strict=True):
        whole, part = kept(before), kept(after)
        assert len(part) >= 0.6 * len(whole)
        assert any(whole[i : i + len(part)] == part for i in range(len(whole)))


@settings(deadline=None)
@given(sizes_, seeds)
def test_reorder_moves_one_part_and_loses_nothing(sizes: list[int], seed: int) -> None:
    rows = some(sizes)
    view = view_of(Origin.REORDER, rows, SIMILAR, np.random.default_rng(seed))
    assert np.array_equal(np.sort(view.items), np.sort(rows.items))
    assert np.array_equal(view.times_ms, rows.times_ms)
    for before, after in zip(rows.items, view.items, strict=True):
        moved = np.flatnonzero(before != after)
        assert len(moved) == 0 or moved[-1] - moved[0] < 2


@settings(deadline=None)
@given(sizes_, seeds, st.sampled_from([(Origin.MASK, UNKNOWN_ROW), (Origin.SUBSTITUTE, FAR)]))
def test_mask_and_substitute_change_items_only(
    sizes: list[int], seed: int, case: tuple[Origin, int]
) -> None:
    kind, by = case
    rows = some(sizes)
    view = view_of(kind, rows, SIMILAR, np.random.default_rng(seed))
    changed = view.items != rows.items
    expected = np.full_like(rows.items, by) if kind is Origin.MASK else rows.items + by
    assert np.array_equal(view.items[changed], expected[changed])
    assert np.array_equal(view.real, rows.real & ~changed)
    assert np.array_equal(view.kinds, rows.kinds)


@settings(deadline=None)
@given(sizes_, seeds)
def test_insert_puts_similar_items_before_real_ones(sizes: list[int], seed: int) -> None:
    rows = some(sizes)
    view = view_of(Origin.INSERT, rows, SIMILAR, np.random.default_rng(seed))
    for before, after, real in zip(rows.items, view.items, view.real, strict=True):
        own = after[real].tolist()
        assert kept(before)[len(kept(before)) - len(own) :] == own
        for at in np.flatnonzero((after > 0) & ~real):
            assert after[at] == after[at + 1] + FAR


def test_a_view_that_changes_something_is_found_for_every_operator() -> None:
    rows = some([10] * 20)
    for kind in list(Origin)[1:]:
        view = view_of(kind, rows, SIMILAR, np.random.default_rng(1))
        assert not np.array_equal(view.items, rows.items), kind


def test_share_and_origin_say_what_was_done() -> None:
    rows = some([10] * 400)
    none = views(rows, SIMILAR, 0.0, np.random.default_rng(0))
    assert np.array_equal(none.items, rows.items)
    assert counts(none.origin)["observed"] == 400
    half = views(rows, SIMILAR, 0.5, np.random.default_rng(0))
    found = counts(half.origin)
    assert sum(found.values()) == 400
    assert all(found[kind.name.lower()] > 10 for kind in Origin)
    untouched = half.origin == Origin.OBSERVED
    assert np.array_equal(half.items[untouched], rows.items[untouched])


def test_the_same_seed_gives_the_same_views() -> None:
    rows = some([10, 4, 7])
    pair = [views(rows, SIMILAR, 0.9, np.random.default_rng(5)) for _ in range(2)]
    assert np.array_equal(pair[0].items, pair[1].items)


def test_neighbours_follow_most_often() -> None:
    items = np.array([[0, 2, 3, 4], [2, 3, 2, 4], [0, 0, 4, 4]])
    assert neighbours(items, 6).tolist() == [0, 1, 3, 4, 4, 5]
