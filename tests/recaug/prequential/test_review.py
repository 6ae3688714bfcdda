"""The judge and the frozen model where they work: in a recommender that answers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from recaug.history import History
from recaug.message import Request
from recaug.prequential.judge import PERIOD_MS
from recaug.prequential.record import Cell
from recaug.prequential.sampling import GAP_S, SHARE, Sampling
from recaug.recommend import Recommender
from recaug.settings import Settings
from tests.recaug import tiny

NOW = 1_764_000_000_000
SETTINGS = Settings(list_size=1, history=5)
#: To who had a, one model shows b and the other c.
B_IS_NEAR: dict[str, list[float]] = {"a": [1, 0], "b": [0.9, 0.1], "c": [0, 1]}
C_IS_NEAR: dict[str, list[float]] = {"a": [1, 0], "b": [0, 1], "c": [0.9, 0.1]}


def click(item: str, user: str, number: int) -> dict[str, Any]:
    return {
        "event": "click", "event_id": f"{user}-{number}", "timestamp": NOW + number,
        "user_id": user, "item_id": item,
    }  # fmt: skip


def clicks(recommender: Recommender, *items: str, user: str = "u1") -> None:
    """One user clicks; each click is answered and judged by itself, a second apart."""
    history = History(5)
    for number, item in enumerate(items):
        event = click(item, user, number)
        history.fold(event)
        asked = Request(event, history, "recaug.events", 0, number, NOW)
        recommender.answer([asked], NOW + 1_000 * number)
        assert recommender.judge(NOW + 1_000 * number) == []


def found(recommender: Recommender) -> tuple[str | None, Cell]:
    (record,) = recommender.judge(NOW + PERIOD_MS)
    return record.version, record.total()


def served(path: Path) -> Recommender:
    """Answers with v2, beside v1; d is popular, and known to neither."""
    recommender = Recommender(SETTINGS, iter(range(1_000)).__next__)
    recommender.swap(tiny.bundle(path, B_IS_NEAR, "v2"))
    recommender.freeze(tiny.bundle(path, C_IS_NEAR, "v1"))
    recommender.popular(click("d", "somebody", 0))
    assert recommender.frozen == "v1"
    return recommender


def test_what_was_served_popular_and_frozen_are_told_apart(tmp_path: Path) -> None:
    for item, hits in (("b", (1, 0, 0)), ("d", (0, 1, 0)), ("c", (0, 0, 1))):
        recommender = served(tmp_path / item)
        clicks(recommender, "a", item)
        version, cell = found(recommender)
        sample = cell.sample
        assert (version, cell.targets, sample.targets) == ("v2", 1, 1)
        lists = sample.served, sample.popularity, sample.frozen
        assert tuple(sums.hits for sums in lists) == hits
        assert (cell.served.hits, cell.popularity.hits) == hits[:2]


def test_what_the_user_had_is_not_in_the_popular_list_either(tmp_path: Path) -> None:
    recommender = served(tmp_path)
    recommender.popular(click("e", "somebody", 1))
    recommender.popular(click("d", "another", 1))
    clicks(recommender, "a", "d", "e")  # d is first, and once it was had e is
    assert found(recommender)[1].popularity.hits == 2


def test_an_erased_user_has_no_list(tmp_path: Path) -> None:
    recommender = served(tmp_path)
    clicks(recommender, "a")
    recommender.erase("u1")
    clicks(recommender, "a", "b", user="u2")
    history = History(5)
    for number, item in enumerate("ab"):
        history.fold(click(item, "u1", number + 1))
    asked = Request(click("b", "u1", 2), history, "recaug.events", 0, 9, NOW)
    recommender.answer([asked], NOW)
    recommender.judge(NOW)
    assert found(recommender)[1].targets == 1


def test_the_frozen_model_has_its_share_of_the_time_and_no_more() -> None:
    sampling = Sampling()
    assert sampling.due(0.0)
    sampling.took(0.0, 0.0001)
    assert not sampling.due(GAP_S)
    assert sampling.due(0.0001 + GAP_S)
    sampling.took(1.0, 2.0)
    assert not sampling.due(1.99 + 1.0 / SHARE)
    assert sampling.due(2.0 + 1.0 / SHARE)
