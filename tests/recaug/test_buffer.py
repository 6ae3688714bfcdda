from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recaug.buffer import RollingBuffer, Snapshot

Row = tuple[str, str, int, int]
rows = st.lists(
    st.tuples(
        st.sampled_from("abc"), st.text(max_size=3), st.integers(1, 11), st.integers(0, 1_000)
    ),
    max_size=40,
)


def extend(buffer: RollingBuffer, new: list[Row]) -> None:
    columns = [[row[i] for row in new] for i in range(4)]
    buffer.extend(*columns)  # type: ignore[arg-type]


def listed(held: Snapshot) -> list[Row]:
    return [
        (held.user_ids[u], held.item_ids[i], int(k), int(t))
        for u, i, k, t in zip(held.users, held.items, held.kinds, held.times_ms, strict=True)
    ]


@settings(deadline=None)
@given(st.lists(rows, max_size=8), st.integers(1, 20), st.integers(1, 500))
def test_holds_the_newest_rows_within_both_bounds(
    parts: list[list[Row]], most: int, age_ms: int
) -> None:
    buffer = RollingBuffer(most, age_ms)
    for part in parts:
        extend(buffer, part)
        assert len(buffer) <= most
    held = buffer.snapshot()
    log = [row for part in parts for row in part]
    kept = listed(held)
    times = [row[3] for row in kept]
    rest = iter(log)
    assert all(row in rest for row in kept)  # in the order of the log
    assert not kept or min(times) >= max(times) - age_ms
    oldest = max((row[3] for row in log), default=0) - age_ms
    assert {row for row in log[-most:] if row[3] >= oldest} <= set(kept)
    assert sorted(set(held.users.tolist())) == list(range(len(held.user_ids)))
    assert sorted(set(held.items.tolist())) == list(range(len(held.item_ids)))


@settings(deadline=None)
@given(rows, st.integers(1, 20))
def test_the_count_alone_keeps_the_end_of_the_log(new: list[Row], most: int) -> None:
    buffer = RollingBuffer(most, 10**9)
    for row in new:
        extend(buffer, [row])
    assert listed(buffer.snapshot()) == new[-most:]


def test_age_is_counted_from_the_newest_event() -> None:
    buffer = RollingBuffer(10, 100)
    extend(buffer, [("u", "old", 1, 0), ("u", "edge", 1, 50), ("u", "new", 1, 150)])
    assert [row[1] for row in listed(buffer.snapshot())] == ["edge", "new"]


def test_survives_a_restart(tmp_path: Path) -> None:
    buffer = RollingBuffer(4, 1_000)
    extend(buffer, [("ü", "", 1, 5), ("v\x00", "i\n", 2, 6), ("ü", "茶", 11, 7)])
    buffer.save(tmp_path / "b.npz")
    loaded = RollingBuffer.load(tmp_path / "b.npz")
    assert listed(loaded.snapshot()) == listed(buffer.snapshot())
    assert (loaded.max_events, loaded.max_age_ms) == (4, 1_000)
    more: list[Row] = [("w", "j", 3, 8), ("w", "k", 3, 9)]
    extend(loaded, more)
    extend(buffer, more)
    assert listed(loaded.snapshot()) == listed(buffer.snapshot())


def test_bounds_given_on_load_replace_the_saved(tmp_path: Path) -> None:
    buffer = RollingBuffer(4, 1_000)
    extend(buffer, [("u", "a", 1, 0), ("u", "b", 1, 1)])
    buffer.save(tmp_path / "b.npz")
    loaded = RollingBuffer.load(tmp_path / "b.npz", max_events=1)
    assert [row[1] for row in listed(loaded.snapshot())] == ["b"]


def test_an_empty_buffer_is_saved_too(tmp_path: Path) -> None:
    RollingBuffer(3, 1).save(tmp_path / "b.npz")
    assert len(RollingBuffer.load(tmp_path / "b.npz").snapshot()) == 0


def test_a_snapshot_does_not_change_afterwards() -> None:
    buffer = RollingBuffer(2, 1_000)
    extend(buffer, [("u", "a", 1, 0)])
    held = buffer.snapshot()
    extend(buffer, [("v", "b", 1, 1), ("v", "c", 1, 2)])
    assert listed(held) == [("u", "a", 1, 0)]


def test_columns_of_unequal_length_are_refused() -> None:
    with pytest.raises(ValueError, match="differ in length"):
        RollingBuffer(2, 1).extend(["u"], [], [1], [0])


@settings(deadline=None)
@given(rows, st.sets(st.sampled_from("abcd")))
def test_forgets_users_and_what_only_they_had(new: list[Row], users: set[str]) -> None:
    buffer = RollingBuffer(100, 10**9)
    extend(buffer, new)
    kept = [row for row in new if row[0] not in users]
    assert buffer.forget(users) == len(new) - len(kept)
    assert buffer.forget(users) == 0
    held = buffer.snapshot()
    assert listed(held) == kept
    assert set(held.user_ids) == {row[0] for row in kept}
    assert set(held.item_ids) == {row[1] for row in kept}
    extend(buffer, new[:3])  # whoever comes back is somebody new
    assert listed(buffer.snapshot()) == [*kept, *new[:3]]
