from __future__ import annotations

import pytest

from recaug.settings import Settings
from recaug.triggers import Trigger, due

WANTED = Settings(
    train_first_events=50, train_every_events=100, train_every_s=60.0, train_min_events=20
)


@pytest.mark.parametrize(
    ("new", "waited_s", "first", "drifted", "why"),
    [
        (49, 1e6, True, True, None),
        (50, 0.0, True, False, "first"),
        (19, 1e6, False, True, None),
        (20, 0.0, False, True, "drift"),
        (20, 59.9, False, False, None),
        (20, 60.0, False, False, "time"),
        (100, 0.0, False, False, "events"),
        (100, 60.0, False, True, "drift"),
    ],
)
def test_the_first_reason_that_applies(
    new: int, waited_s: float, first: bool, drifted: bool, why: Trigger | None
) -> None:
    assert due(WANTED, new, waited_s, first=first, drifted=drifted) == why
