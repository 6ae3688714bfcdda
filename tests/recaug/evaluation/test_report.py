"""A whole evaluation small enough to check by hand."""

import json
from typing import Any

import numpy as np
import pytest

from recaug.cli.columns import spark
from recaug.cli.figures import lines
from recaug.evaluation import Targets
from recaug.evaluation.ranking import Scores
from recaug.evaluation.report import report
from recaug.evaluation.run import run
from recaug.evaluation.splits import Fold, Split, split
from tests.recaug.evaluation.logs import data_set


class Fixed:
    """Scores every row alike for everybody, highest first as listed."""

    def __init__(self, name: str, *best: int) -> None:
        self.name, self._best = name, best
        self.fitted: list[str] = []

    def fit(self, fold: Fold) -> None:
        self.fitted.append(fold.name)
        self._size = fold.size

    def score(self, part: Targets) -> Scores:
        scores = np.full(self._size, -np.inf)
        for place, row in enumerate(self._best):
            if row < self._size:
                scores[row] = -place
        return np.tile(scores, (len(part), 1))


def quiet(*_: object) -> None:
    pass


def two_users() -> Split:
    """User 0 had 2, 3 and gets 4; user 1 had 3, 2 and gets 3 again."""
    return split(data_set([0, 0, 0, 1, 1, 1], [0, 1, 2, 1, 0, 1]))


def test_a_report_by_hand() -> None:
    divided = two_users()
    results = run([Fixed("ours", 3, 4, 2), Fixed("other", 2)], divided, quiet)
    assert [divided.vocabulary[row - 2] for row in (2, 3)] == ["i0", "i1"]
    found = report("made-up", divided, results, 1.5)
    assert list(found) == ["data", "split", "filtered", "seconds", "models", "periods"]
    assert (found["split"], found["filtered"], found["periods"]) == ("loo", True, [])
    ours, other = found["models"]["ours"], found["models"]["other"]
    # i2 is in nobody's past: it is never shown. The other target has been had: not counted.
    assert (ours["filtered"]["targets"], ours["hr@10"]) == (1, 0.0)
    # With repeats: i2 a miss, i1 first.
    assert ours["unfiltered"]["hr@5"] == 0.5 and ours["unfiltered"]["mrr@20"] == 0.5
    assert other["unfiltered"]["hr@20"] == 0.0
    assert ours["against"] == {"model": "other", "ndcg@10": 0.0, "ndcg@10_ci": [0.0, 0.0], "p": 1.0}
    assert ours["coverage@10"] == 0.0 and ours["novelty@10"] == 0.0, "all has been seen"
    json.dumps(found)


def periods() -> Split:
    users, steps = [0, 0, 1, 1, 2, 2, 3, 3, 4, 4], [0] * 4 + [1] * 4 + [2] * 2
    return split(data_set(users, [0, 1, 1, 0, 0, 1, 1, 0, 0, 2], periods=steps))


def test_periods_by_hand() -> None:
    ours = Fixed("ours", 2, 3)
    found = report("made-up", periods(), run([ours], periods(), quiet), 0.0)
    assert ours.fitted == ["1", "2"]
    assert not found["filtered"]
    first, second = found["periods"]
    # Targets of period 1 are rows 3 and 2: places 1 and 0. That of period 2 is new.
    assert (first["period"], first["targets"], first["new_items"]) == ("1", 2, 0.0)
    assert first["models"]["ours"]["mrr@20"] == 0.75
    assert (second["new_items"], second["models"]["ours"]["hr@10"]) == (1.0, 0.0)
    assert second["models"]["ours"]["seen_so_far"]["targets"] == 0
    whole = found["models"]["ours"]
    assert whole["mrr@20"] == 0.5 and whole["seen_so_far"]["mrr@20"] == 0.75
    assert whole["items"]["cold"]["targets"] == 1 and whole["history"]["1"]["targets"] == 3
    assert "against" not in whole


def test_a_test_by_time_is_shown_in_slices() -> None:
    users, times = [n % 4 for n in range(200)], [86_400_000 * (n // 2) for n in range(200)]
    divided = split(data_set(users, [n % 10 for n in range(200)], times))
    found = report("made-up", divided, run([Fixed("ours", 2)], divided, quiet), 0.0)
    names = [period["period"] for period in found["periods"]]
    assert len(names) == 10 == len(set(names)) and names == sorted(names)
    assert names[0] == "1970-04-01 00:00", "the ninetieth day after 1970-01-01"
    assert sum(period["targets"] for period in found["periods"]) == len(divided.folds[0].test)


def told(gain: float, low: float, high: float) -> str:
    divided = periods()
    found: dict[str, Any] = report(
        "made-up", divided, run([Fixed("ours", 2), Fixed("vsknn", 3)], divided, quiet), 0.0
    )
    against = {"model": "vsknn", "ndcg@10": gain, "ndcg@10_ci": [low, high], "p": 0.01}
    found["models"]["ours"]["against"] = against
    return "\n".join(lines(found))


def test_the_page_a_person_reads() -> None:
    page = told(0.02, 0.01, 0.03)
    head, first, title, ours, other, *_ = page.splitlines()
    assert head == "made-up, period by period, 0 s"
    assert first == "3 targets, nothing left out", "sessions: the unfiltered figures come first"
    assert title.split()[:5] == ["MODEL", "HR@10", "NDCG@10", "HR@20", "MRR@20"]
    assert ours.startswith("ours") and other.startswith("vsknn")
    assert "what the user has had left out" in page
    assert "2 of 3 targets: those whose item was known" in page
    assert "NDCG@10 from 1 to 2" in page and "→" in page
    assert page.splitlines()[-1].startswith("✓ ours beats vsknn: NDCG@10 +0.0200")


@pytest.mark.parametrize(
    ("gain", "low", "high", "words"),
    [(-0.02, -0.03, -0.01, "ours loses to vsknn"), (0.0, -0.1, 0.1, "cannot be told apart")],
)
def test_who_won_in_words(gain: float, low: float, high: float, words: str) -> None:
    assert words in told(gain, low, high).splitlines()[-1]


def test_a_spark_line_by_hand() -> None:
    assert spark([0.0, 0.5, 1.0], 1.0) == "▁▅█"
    assert spark([0.0, 0.0], 0.0) == "▁▁"
