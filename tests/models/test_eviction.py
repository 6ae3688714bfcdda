from __future__ import annotations

import numpy as np

from models.eviction import kept, last_seen
from recaug.batch import FIRST_ROW
from recaug.buffer import RollingBuffer

DAY_MS = 86_400_000


def log(*rows: tuple[str, int]) -> RollingBuffer:
    buffer = RollingBuffer(100, 10**12)
    items, times = zip(*rows, strict=True)
    buffer.extend(["u"] * len(rows), list(items), [1] * len(rows), list(times))
    return buffer


def test_the_last_event_is_the_newer_of_what_was_known_and_what_the_log_holds() -> None:
    snapshot = log(("b", 5), ("c", 9), ("b", 7)).snapshot()
    found = last_seen(["a", "b", "c", "d"], np.array([3, 6], np.int64), snapshot)
    assert found.tolist() == [3, 7, 9, 9]  # nobody knows of d: it counts as seen now


def test_an_item_leaves_when_its_last_event_is_too_old() -> None:
    snapshot = log(("c", 30 * DAY_MS)).snapshot()
    seen = np.array([0, 20 * DAY_MS, 30 * DAY_MS, 20 * DAY_MS + 1], np.int64)
    rows = kept(seen, snapshot, age_s=10 * 86_400.0)
    assert rows.tolist() == [0, 1, FIRST_ROW + 2, FIRST_ROW + 3]
    assert kept(seen, snapshot, age_s=31 * 86_400.0).tolist() == list(range(FIRST_ROW + 4))
