"""`PATH[:SPEED]` and what a speed means."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recaug.errors import Failure
from recaug.replay import Speed, split_target


@pytest.mark.parametrize(
    ("text", "speed"),
    [
        ("max", Speed()),
        ("10x", Speed(factor=10)),
        ("0.5x", Speed(factor=0.5)),
        ("300", Speed(rate=300)),
    ],
)
def test_speeds(text: str, speed: Speed) -> None:
    assert Speed.of(text) == speed


@pytest.mark.parametrize("text", ["", "fast", "-1", "0", "0x", "1e3", "10 x", "nan"])
def test_nonsense_is_no_speed(text: str) -> None:
    with pytest.raises(Failure):
        Speed.of(text)


def test_a_path_may_hold_colons_and_a_speed_may_be_missing(tmp_path: Path) -> None:
    plain, odd = tmp_path / "a.csv", tmp_path / "a:300"
    plain.write_text("x")
    assert split_target(str(plain)) == (plain, Speed())
    assert split_target(f"{plain}:300") == (plain, Speed(rate=300))
    odd.write_text("x")
    assert split_target(str(odd)) == (odd, Speed())
    assert split_target(f"{odd}:2x") == (odd, Speed(factor=2))


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(Failure, match=r"none\.csv"):
        split_target(f"{tmp_path}/none.csv:300")
    assert split_target(f"{tmp_path}:300") == (tmp_path, Speed(rate=300))  # a directory of periods


@given(place=st.integers(0, 10**6), since_ms=st.integers(0, 10**9))
def test_due_times(place: int, since_ms: int) -> None:
    assert Speed().due_s(place, since_ms) == 0
    assert Speed(rate=50).due_s(place, since_ms) == pytest.approx(place / 50)
    assert Speed(factor=10).due_s(place, since_ms) == pytest.approx(since_ms / 10_000)
