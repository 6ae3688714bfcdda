"""Fake accounts: what is added to a log, and what the clean stage makes of it."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from bench.injected import (
    NOBODY,
    Fakes,
    Reached,
    attacked,
    copies,
    injected,
    one_account,
    results,
    stopped,
)
from recaug.evaluation.dataset import read
from recaug.evaluation.splits import Split, split

FILM = 7


@pytest.fixture
def whole(tmp_path: Path) -> Split:
    """Fifty people who have ten of two hundred films each, a minute apart."""
    chance = np.random.default_rng(0)
    lines = ["user_id:token\titem_id:token\ttimestamp:float"]
    for user in range(50):
        for turn, film in enumerate(chance.choice(200, 10, replace=False).tolist()):
            lines.append(f"u{user}\tf{film}\t{1_000_000_000 + 60 * (turn + user)}")
    (tmp_path / "films.inter").write_text("\n".join(lines))
    return split(read(tmp_path / "films.inter"), "time")


def test_real_people_and_what_is_tested_stay_as_they_were(whole: Split) -> None:
    fold = whole.folds[0]
    fakes = Fakes(np.array([0, 0, 1]), np.array([3, FILM, FILM]))
    found = injected(fold, fakes, np.random.default_rng(0))
    real = len(fold.source.rows)
    assert np.array_equal(found.source.rows[:real], fold.source.rows)
    assert found.source.starts.tolist() == [*fold.source.starts.tolist(), real + 2, real + 3]
    assert found.source.rows[real:].tolist() == [3, FILM, FILM]
    assert found.known[real:].all() and found.before[real:].all()
    assert (found.counts - fold.counts).nonzero()[0].tolist() == [3, FILM]
    assert found.test is fold.test and found.validation is fold.validation
    times = found.source.times_ms[real:]
    assert times.min() > np.median(fold.source.times_ms), "they come late"
    assert times.max() <= fold.source.times_ms[fold.before].max() < fold.test.asked_ms.min()


def test_one_account_clicks_one_film(whole: Split) -> None:
    fakes = one_account(whole.folds[0], FILM, 5, np.random.default_rng(0))
    assert fakes.accounts.tolist() == [0] * 5 and fakes.rows.tolist() == [FILM] * 5


def test_a_copy_has_the_newest_films_that_may_be_known_of_somebody(whole: Split) -> None:
    fold = whole.folds[0]
    fakes = copies(fold, FILM, 23, np.random.default_rng(0))
    assert fakes.accounts.tolist() == np.repeat(np.arange(4), 5).tolist(), "20 of 23 events"
    newest = set()
    for start, stop in pairwise(fold.source.starts.tolist()):
        known = fold.source.rows[start:stop][fold.known[start:stop]]
        newest.add(tuple(known[-4:].tolist()))
    for account in fakes.rows.reshape(4, 5).tolist():
        assert tuple(account[:4]) in newest and account[4] == FILM


def test_what_comes_in_step_is_a_bot_and_what_is_patient_passes() -> None:
    fakes = Fakes(np.zeros(1_000, np.int64), np.full(1_000, FILM))
    chance = np.random.default_rng(0)
    # The second click sets the beat and 199 more keep it; from then on it is a bot's.
    bot = stopped("one account", fakes, 1_000, True, chance)
    assert bot.ours == pytest.approx(100 * (1_000 - 201) / 1_000) and bot.config["by"] == "bot:799"
    assert stopped("one account", fakes, 10, False, chance).ours == 0
    crowd = Fakes(np.arange(1_000), np.full(1_000, FILM))
    assert stopped("accounts", crowd, 1_000, True, chance).ours == 0, "each clicks once"


def test_results_are_of_all_seeds_together() -> None:
    def reached(shown: int, hit: int) -> Reached:
        return Reached(np.full(4, float(shown)), np.full(4, float(hit)), np.arange(4))

    each = [
        {NOBODY: {"list": reached(0, 1)}, ("copies", 0.05): {"list": reached(1, 0)}},
        {NOBODY: {"list": reached(0, 1)}, ("copies", 0.05): {"list": reached(0, 1)}},
    ]
    (found,) = results(each)
    assert (found.ours, found.config["without"], found.config["lost"]) == (50, 0, 50)
    assert found.config["low"] == pytest.approx(50), "every user lost a half"


def test_copies_get_a_film_onto_lists(whole: Split, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bench.injected.SHARES", (1.0,))
    monkeypatch.setattr("bench.injected.LITTLE", (1, 2))
    found = attacked(whole, seed=0, trained_s=0.2)
    without, copied = found[NOBODY], found["copies", 1.0]
    assert set(copied) == {"popularity", "neighbours", "model", "list"}
    for scorer in ("popularity", "neighbours"):
        assert copied[scorer].shown.mean() > without[scorer].shown.mean()
