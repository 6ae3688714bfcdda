from __future__ import annotations

from pathlib import Path

import pytest

from recaug.errors import Failure
from recaug.local.choices import NEVER, parse_every, parse_traffic


@pytest.mark.parametrize(
    ("text", "rate"), [("simulate", "300"), ("simulate:50", "50"), ("simulate:0.5", "0.5")]
)
def test_simulated_traffic_is_restarted_when_it_ends(text: str, rate: str) -> None:
    traffic = parse_traffic(text)
    assert traffic.arguments == ("simulate", "--rate", rate)
    assert traffic.restart


def test_no_traffic() -> None:
    assert parse_traffic("none").arguments is None


@pytest.mark.parametrize("speed", ["max", "10x", "0.5x", "500"])
def test_a_replay_ends_with_its_data(tmp_path: Path, speed: str) -> None:
    data = tmp_path / "data.csv"
    data.write_text("")
    traffic = parse_traffic(f"replay:{data}:{speed}")
    assert traffic.arguments == ("replay", f"{data}:{speed}")
    assert not traffic.restart
    assert parse_traffic(f"replay:{data}").arguments == ("replay", str(data))


def test_a_colon_that_is_no_speed_belongs_to_the_path(tmp_path: Path) -> None:
    data = tmp_path / "a:b"
    data.write_text("")
    assert parse_traffic(f"replay:{data}").arguments == ("replay", str(data))


def test_a_relative_path_is_made_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "data.csv").write_text("")
    monkeypatch.chdir(tmp_path)
    assert parse_traffic("replay:data.csv:max").arguments == ("replay", f"{tmp_path}/data.csv:max")


@pytest.mark.parametrize(
    "text",
    ["", "simulate:fast", "simulate:0", "simulate:inf", "simulate:nan", "replay:", "x", "none:1"],
)
def test_nonsense_says_what_is_taken(text: str) -> None:
    with pytest.raises(Failure, match="not understood") as failed:
        parse_traffic(text)
    assert failed.value.mend == "recaug up --help"


def test_a_missing_file_is_named() -> None:
    with pytest.raises(Failure, match=r"nowhere\.csv cannot be replayed"):
        parse_traffic("replay:nowhere.csv:max")


def test_a_trigger_by_count_switches_the_other_off_and_back() -> None:
    never = str(NEVER)
    assert parse_every("5000") == {
        "RECAUG_TRAIN_EVERY_EVENTS": "5000",
        "RECAUG_TRAIN_EVERY_S": never,
    }
    assert parse_every("2m") == {
        "RECAUG_TRAIN_EVERY_EVENTS": never,
        "RECAUG_TRAIN_EVERY_S": "120",
    }


@pytest.mark.parametrize("text", ["", "0", "-5", "1.5", "60 s", "s", "60d"])
def test_a_trigger_that_is_none(text: str) -> None:
    with pytest.raises(Failure, match="not understood"):
        parse_every(text)
