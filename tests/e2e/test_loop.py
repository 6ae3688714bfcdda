"""The loop, closed: events go in, recommendations come out, and a model learned in between."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from recaug.cli.quality import read_totals
from recaug.prequential.record import Cell, add
from recaug.producer import Producer
from tests.e2e.house import House, until

pytestmark = pytest.mark.e2e

#: Lists of a model that their users have answered by what they did.
JUDGED = 300


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("loop")


@pytest.fixture(scope="module")
def report(directory: Path) -> Iterator[dict[str, Any]]:
    """What an independent reader of the topics found once a model had served simulated traffic."""
    settings = {"train_first_events": "2000", "train_budget_s": "8"}
    with House(directory, "--traffic", "simulate:400", "--no-page", **settings) as house:
        until(champion(directory).exists, 300.0, house._explain)
        until(lambda: learned(house).targets > JUDGED, 120.0, house._explain)
        assert house.stop() == 0, house._explain()
        yield dict(house.report())


def champion(directory: Path) -> Path:
    return directory / "data" / "registry" / "main" / "champion"


def learned(house: House) -> Cell:
    """What the lists of all models were worth so far, by what their users did next."""
    totals = read_totals(house.settings)
    return add(totals.of(version) for version in totals.versions if version is not None)


def test_every_event_is_accepted_rejected_or_a_duplicate(report: dict[str, Any]) -> None:
    events = report["events"]
    known = events["accepted"] + sum(events["rejected"].values()) + events["duplicates"]
    assert known == events["published"] > 4_000


def test_every_qualifying_event_is_answered_exactly_once(report: dict[str, Any]) -> None:
    answers = report["recommendations"]
    assert answers["missing"] == 0
    assert answers["delivered"] == answers["distinct"] == answers["expected"] > 3_000


def test_a_model_learned_meanwhile_was_served(report: dict[str, Any]) -> None:
    promoted = [model for model in report["models"] if model["promoted"]]
    assert promoted
    assert report["swaps"] >= 1


def test_the_learned_model_knows_the_truth_better_than_popularity_does(
    report: dict[str, Any],
) -> None:
    """The simulated shoppers follow what they look at, which popularity cannot know: the gate's
    held-out slice is later than all the model was trained on."""
    for model in (model for model in report["models"] if model["promoted"]):
        metrics = model["metrics"]
        assert metrics["challenger"]["ndcg@10"] > 1.5 * metrics["popularity"]["ndcg@10"]


def test_nothing_is_left_behind(report: dict[str, Any]) -> None:
    assert report["lag"] == {"clean": 0, "learn": 0, "recommend": 0}


def test_a_second_start_resumes_with_the_learned_model(
    directory: Path, report: dict[str, Any]
) -> None:
    assert report["swaps"] >= 1
    alias = json.loads(champion(directory).read_bytes())
    with House(directory, "--traffic", "none") as house:
        asked = ["send", "click", "--user", "newcomer", "--item", "sku-10001", "--wait", "20"]
        answer = house.run(*asked)
        assert answer.returncode == 0, answer.stderr
        assert json.loads(answer.stdout)["model"]["version"] == alias["version"]
        what_the_model_served_was_better_than_popularity(house)
        a_new_item_is_recommendable_within_seconds(house)
        assert house.stop() == 0, house.said()


def what_the_model_served_was_better_than_popularity(house: House) -> None:
    """By what its users did next, while the traffic of the report went on."""
    live = learned(house)
    assert live.targets > JUDGED
    assert live.served.hits > live.popularity.hits
    assert live.gain > 0


def a_new_item_is_recommendable_within_seconds(house: House) -> None:
    """By the model in use, which never saw an event of it: its text gives it a row of the table."""
    before = -1
    while before != (before := candidates(house)):  # until all others have been encoded
        time.sleep(5)
    with Producer(house.running["kafka"]) as producer:
        producer.send({"item_id": "brand-new", "name": "Frost 3 Tent, 2-Person",
                       "timestamp": int(time.time() * 1000)}, producer.topics.items)  # fmt: skip
    until(lambda: candidates(house) == before + 1, 60.0, house._explain)


def candidates(house: House) -> int:
    """Items that compete for a place in a list."""
    asked = ["send", "click", "--user", "looker", "--item", "sku-10001", "--wait", "20"]
    return int(json.loads(house.run(*asked).stdout)["candidate_count"])
