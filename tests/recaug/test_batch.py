import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from recaug.batch import build, pad, sequences

event = st.tuples(st.integers(1, 50), st.integers(1, 11), st.integers(0, 10**6))
histories = st.lists(st.lists(event, max_size=7), min_size=1, max_size=5)


def columns(history: list[tuple[int, int, int]]) -> tuple[list[int], list[int], list[int]]:
    ordered = sorted(history, key=lambda one: one[2])
    return [e[0] for e in ordered], [e[1] for e in ordered], [e[2] for e in ordered]


def test_newest_last_and_the_gap_to_what_follows() -> None:
    batch = build([([5, 6], [1, 2], [1_000, 3_500]), ([7], [3], [0])], [4_000, 60_000], 50)
    assert batch.items.tolist() == [[5, 6], [0, 7]]
    assert batch.kinds.tolist() == [[1, 2], [0, 3]]
    assert batch.gaps.tolist() == [[2.5, 0.5], [0.0, 60.0]]
    assert batch.items.dtype == np.int64
    assert batch.gaps.dtype == np.float32


def test_cut_to_the_newest() -> None:
    batch = build([([5, 6, 7], [1, 1, 1], [0, 1_000, 2_000])], [2_000], 2)
    assert batch.items.tolist() == [[6, 7]]
    assert batch.gaps.tolist() == [[1.0, 0.0]]


def test_nobody_has_a_history() -> None:
    batch = build([([], [], []), ([], [], [])], [0, 0], 50)
    assert batch.items.tolist() == [[0], [0]]
    assert batch.gaps.tolist() == [[0.0], [0.0]]


def test_clocks_that_differ_make_no_negative_gap() -> None:
    assert build([([5], [1], [9_000])], [1_000], 50).gaps.tolist() == [[0.0]]


@settings(deadline=None)
@given(histories, st.integers(1, 6))
def test_each_row_is_the_end_of_its_history(
    people: list[list[tuple[int, int, int]]], length: int
) -> None:
    given_ = [columns(history) for history in people]
    batch = build(given_, [2 * 10**6] * len(people), length)
    for row, (rows, _, _) in zip(batch.items.tolist(), given_, strict=True):
        kept = rows[-length:]
        assert row == [0] * (len(row) - len(kept)) + kept
    assert batch.items.shape == batch.kinds.shape == batch.gaps.shape
    assert (batch.gaps >= 0).all()
    assert (batch.gaps[batch.items == 0] == 0).all()


def test_sequences_sort_by_user_then_time_then_log() -> None:
    source = sequences(
        np.array([1, 0, 1, 0]), np.array([2, 3, 4, 5]), np.array([1, 1, 1, 1]),
        np.array([9, 7, 9, 3]),
    )  # fmt: skip
    assert source.rows.tolist() == [5, 3, 2, 4]
    assert source.starts.tolist() == [0, 2, 4]
    assert source.owners().tolist() == [0, 0, 1, 1]
    assert source.order.tolist() == [3, 1, 0, 2]


def test_a_repeat_is_the_same_row_within_the_events_before() -> None:
    rows = np.array([2, 3, 2, 4, 5, 2, 2])
    users = np.array([0, 0, 0, 0, 0, 0, 1])
    source = sequences(users, rows, np.ones(7, np.int64), np.arange(7))
    assert source.repeats(2).tolist() == [False, False, True, False, False, False, False]
    assert source.repeats(3).tolist() == [False, False, True, False, False, True, False]


def test_pad_is_never_empty() -> None:
    assert pad([[3], [4, 5], []]).tolist() == [[3, 0], [4, 5], [0, 0]]
    assert pad([[]]).tolist() == [[0]]
    assert pad([]).shape == (0, 1)
