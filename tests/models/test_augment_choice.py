"""The bandit between fine-tunes: what it remembers and what records say."""

import json
import os
from pathlib import Path
from typing import Any

from models.augment.choice import NAME, Choice, choose
from models.job import Job, Terms
from recaug.augment.bandit import TOGGLES, Bandit
from recaug.augment.mix import NOTHING, Mix
from recaug.buffer import RollingBuffer
from recaug.bundle import Bundle, Manifest

MIX = Mix.of({"crop": 0.2})
JUDGED = {"challenger": {"ndcg@10": 0.22}, "champion": {"ndcg@10": 0.2}}


def job(place: Path, afresh: bool = False) -> Job:
    terms = Terms(registry=place, name="main", afresh=afresh)
    return Job(place / "now", terms, RollingBuffer(1, 1).snapshot(), {})


def parent(place: Path, metrics: dict[str, Any]) -> Bundle:
    about = {"created_at": "", "model": {}, "parity": {}, "offsets": {}, "events": 0, "files": {},
             "train_seconds": 0, "device": "cpu", "promoted": True, "reason": ""}  # fmt: skip
    return Bundle(place, Manifest(name="main", version="v", metrics=metrics, **about), "")


def result(place: Path, when: int, metrics: Any, name: str = "main") -> None:
    place.mkdir()
    (place / "result.json").write_text(json.dumps({"name": name, "metrics": metrics}))
    os.utime(place / "result.json", (when, when))


def after(turns: int) -> dict[str, Any]:
    """The record of a fine-tune after so many others."""
    bandit = Bandit(MIX)
    for _ in range(turns):
        bandit = bandit.learned(bandit.choose()[1], 0.1)
    return {NAME: {"state": bandit.plain()}}


def test_the_first_one_tries_nothing_and_tells_its_mix(tmp_path: Path) -> None:
    chosen = choose(job(tmp_path), None, MIX)
    assert (chosen.mix, chosen.toggled) == (MIX, None)
    told = chosen.told({"challenger": {"ndcg@10": 0.2}})[NAME]
    assert (told["mix"], told["gain"], told["state"]) == ({"crop": 0.2}, None, Bandit(MIX).plain())
    assert "crop" not in told["off"] and "subset" in told["off"]


def test_a_lost_fine_tune_is_remembered_too_and_the_newest_counts(tmp_path: Path) -> None:
    place = tmp_path / "jobs"
    place.mkdir()
    result(place / "old", 1_000, after(4))
    result(place / "new", 3_000, after(5))
    result(place / "other", 4_000, after(7), name="another")
    result(place / "broken", 5_000, {NAME: {"state": {"mix": "?"}}})
    chosen = choose(job(place), parent(tmp_path, after(2)), NOTHING)
    assert chosen.bandit.turn == 5
    assert chosen.toggled in TOGGLES and chosen.mix == MIX.toggled(chosen.toggled)


def test_without_jobs_the_parent_remembers_and_without_that_it_begins(tmp_path: Path) -> None:
    assert choose(job(tmp_path), parent(tmp_path, after(3)), NOTHING).bandit.turn == 3
    fresh = choose(job(tmp_path), parent(tmp_path, {}), MIX)
    assert fresh.bandit == Bandit(MIX)


def test_a_run_from_scratch_remembers_but_neither_tries_nor_counts(tmp_path: Path) -> None:
    chosen = choose(job(tmp_path, afresh=True), parent(tmp_path, after(3)), NOTHING)
    assert (chosen.mix, chosen.toggled) == (MIX, None)
    told = chosen.told(JUDGED)[NAME]
    assert told["gain"] is None and told["state"] == chosen.bandit.plain()
    assert chosen.bandit.turn == 3


def test_of_a_champion_that_knew_nothing_there_is_no_share(tmp_path: Path) -> None:
    judged = {**JUDGED, "champion": {"ndcg@10": 0.0}}
    assert choose(job(tmp_path), parent(tmp_path, {}), MIX).told(judged)[NAME]["gain"] is None


def test_the_gate_says_what_was_gained(tmp_path: Path) -> None:
    chosen = Choice(Bandit(MIX, turn=1), MIX.toggled("delete"), "delete")
    told = chosen.told(JUDGED)[NAME]
    assert told["toggled"] == "delete" and round(told["gain"], 6) == 0.1  # 0.22 on 0.20
    assert Bandit.read(told["state"]).toggled["delete"].mean == round(told["gain"], 6)
    assert json.loads(json.dumps(told)) == told
