import numpy as np

from recaug.evaluation import Targets
from recaug.evaluation.buckets import by_history, by_item


def test_items_by_their_training_events() -> None:
    counts = np.array([0, 0, 5, 4, 1, 0, 9])
    rows = np.array([2, 3, 4, 5, 6])
    found = by_item(counts, Targets(rows, rows, rows, rows))
    shown = {name: mask.tolist() for name, mask in found.items()}
    assert shown == {
        "warm": [True, False, False, False, True],
        "few": [False, True, True, False, False],
        "cold": [False, False, False, True, False],
    }


def test_users_by_their_events_before() -> None:
    before = np.array([0, 1, 2, 3, 5, 6, 20, 21, 900])
    found = by_history(Targets(before + 50, np.full(9, 50), before, before))
    counted = {name: before[mask].tolist() for name, mask in found.items()}
    assert counted == {
        "0": [0], "1": [1], "2": [2], "3-5": [3, 5], "6-20": [6, 20], ">20": [21, 900]
    }  # fmt: skip
