"""Every way to write one moment."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic_core import PydanticCustomError

from recaug.events import rfc3339
from recaug.events.times import EARLIEST_MS, LATEST_MS, to_ms
from tests.recaug.events.examples import patiently

AT_MS = 1_764_000_000_123


@pytest.mark.parametrize(
    "written",
    [
        AT_MS,
        1_764_000_000.123,
        AT_MS * 1_000,
        AT_MS * 1_000 + 999,
        AT_MS * 1_000_000,
        float(AT_MS),
        str(AT_MS),
        "1764000000.123",
        "1764000000123456",
        "2025-11-24T16:00:00.123Z",
        "2025-11-24T17:00:00.123+01:00",
        "2025-11-24 16:00:00.123",
        " 2025-11-24T16:00:00.123456Z ",
    ],
)
def test_one_moment(written: object) -> None:
    assert to_ms(written) == AT_MS


def test_whole_seconds() -> None:
    assert to_ms(1_764_000_000) == to_ms("1764000000") == 1_764_000_000_000


@pytest.mark.parametrize(
    "written",
    [0, -1, 5, 10**20, 1e300, float("nan"), float("inf"), None, True, [], "", "soon", "1" * 40],
)
def test_no_moment(written: object) -> None:
    with pytest.raises(PydanticCustomError):
        to_ms(written)


def test_rfc3339() -> None:
    assert rfc3339(AT_MS) == "2025-11-24T16:00:00.123Z"


@patiently
@given(st.integers(EARLIEST_MS, LATEST_MS))
def test_written_and_read_back(at_ms: int) -> None:
    assert to_ms(rfc3339(at_ms)) == to_ms(at_ms) == to_ms(str(at_ms)) == at_ms
