"""What the benches count and send, apart from running them."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

import orjson
import pytest

from bench import environment, state
from bench.growth import BASE, _events
from bench.saturation import rate_of
from bench.stage import cpu_s, use_defaults
from bench.stage import environment as surroundings
from bench.traffic import Crowd
from recaug.errors import Failure
from recaug.events import parse_event
from recaug.history import History
from recaug.settings import Settings


def test_clicks_are_valid_and_told_apart() -> None:
    crowd = Crowd(users=10, items=20)
    clicks = [crowd.click(n, "run", 1_764_000_000_000) for n in range(200)]
    events = [parse_event(value, (), 2**53) for _, value in clicks]
    assert len({event.event_id for event in events}) == 200
    assert {key.decode() for key, _ in clicks} == {f"u{n}" for n in range(10)}
    assert {orjson.loads(value)["item_id"] for _, value in clicks} == {f"i{n}" for n in range(20)}


def test_a_rate_leaves_out_both_ends() -> None:
    # Ten answers a second, but for a slow first and a late last one.
    steady = [(1_000 + 100 * n, 1) for n in range(20)]
    assert rate_of([(0, 1), *steady, (60_000, 1)]) == pytest.approx(10.0, rel=0.15)


def test_a_superseding_answer_counts_for_all_it_stands_for() -> None:
    assert rate_of([(100 * n, 5) for n in range(100)]) == pytest.approx(50.0, rel=0.05)


def test_states_are_histories_of_the_length_asked() -> None:
    found = [History.decode(one) for one in state.states(random.Random(0), 20, events=50)]
    assert [len(history) for history in found] == [50] * 20
    assert all(history.times_ms == sorted(history.times_ms) for history in found)


def test_few_events_are_enough_where_each_takes_long() -> None:
    assert _events(BASE, 1_000) == 1_000
    assert _events(replace(BASE, items=1_000_000), 1_000) == 100


def test_an_environment_is_another_when_its_requirements_are(tmp_path: Path) -> None:
    file = tmp_path / "peer.txt"
    file.write_text("one==1\n")
    first = environment.place_of(file, tmp_path)
    assert first == environment.place_of(file, tmp_path)
    file.write_text("one==2\n")
    assert environment.place_of(file, tmp_path) != first


@pytest.mark.parametrize("peer", ["quix", "rectools"])
def test_every_requirement_of_a_peer_is_pinned_and_hashed(peer: str) -> None:
    text = (environment.REQUIREMENTS / f"{peer}.txt").read_text()
    lines = [line for line in text.splitlines() if line[:1] not in ("", " ", "#")]
    assert lines
    assert all("==" in line and line.endswith("\\") for line in lines)


def test_a_program_gets_the_settings_of_the_bench_and_none_of_ours(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name, value in {"HISTORY": "7", "KAFKA": "there:1", "CACHE_DIR": "kept"}.items():
        monkeypatch.setenv(f"RECAUG_{name}", value)
    use_defaults()
    env = surroundings(Settings(kafka="here:1", data_dir=tmp_path), BENCH_OUTPUT="o")
    assert "RECAUG_HISTORY" not in env
    assert (env["RECAUG_KAFKA"], env["RECAUG_CACHE_DIR"]) == ("here:1", "kept")
    assert env["BENCH_OUTPUT"] == "o"


def test_processor_time_of_a_process_that_is_gone_is_a_failure() -> None:
    with pytest.raises(Failure, match="processor time"):
        cpu_s(2**30)
