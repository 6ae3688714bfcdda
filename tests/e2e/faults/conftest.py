"""What every fault needs: a place to note its recovery time."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.e2e.faults.summary import PROPERTY

Note = Callable[[str, float], None]


@pytest.fixture
def took(record_property: Callable[[str, object], None]) -> Note:
    """`took("F1 what happened", seconds)` for the table at the end of the run."""

    def note(fault: str, seconds: float) -> None:
        record_property(PROPERTY, (fault, seconds))

    return note
