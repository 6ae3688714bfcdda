"""Kill each part under load: nothing is lost, nothing has its effect twice, all comes back."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from tests.e2e.house import House, until

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """One instance under load; the faults follow one another, the last test counts."""
    settings = {"train_first_events": "4000", "train_budget_s": "10", "train_every_s": "30"}
    options = ("--traffic", "simulate:150", "--no-page")
    with House(tmp_path_factory.mktemp("faults"), *options, **settings) as house:
        until(lambda: served(house) is not None, 180.0, house._explain)
        yield house


def served(house: House) -> str | None:
    """The version that the next answer names; None while popularity answers."""
    lines = house.run("tail", "-n", "1", "-f", "jsonl").stdout.splitlines()
    return json.loads(lines[-1])["model"]["version"] if lines else None


def caught_up(house: House) -> bool:
    """Whether every service keeps up, as ops would ask."""
    told = json.loads(house.run("lag", "-f", "json").stdout or "{}")
    return told.get("verdict") == "OK"


def back(house: House, name: str, old: int) -> None:
    """The supervisor has started it again, and it has worked off what waited."""
    until(lambda: house.pid(name) not in (0, old), 60.0, house._explain)
    until(lambda: caught_up(house), 120.0, house._explain)


@pytest.mark.parametrize("service", ["clean", "recommend", "learn"])
def test_a_killed_service_comes_back(house: House, service: str) -> None:
    back(house, service, house.kill(service))


def test_the_broker_killed_comes_back(house: House) -> None:
    back(house, "kafka", house.kill("kafka"))


def test_the_store_killed_and_wiped_is_rebuilt_from_the_log(house: House) -> None:
    with redis.Redis.from_url(house.running["redis"]) as store:
        store.flushall()
    old = house.kill("redis")
    back(house, "redis", old)
    with redis.Redis.from_url(house.running["redis"]) as store:
        until(lambda: store.dbsize() > 100, 60.0, house._explain)


def test_a_corrupt_bundle_is_refused_and_the_old_model_keeps_serving(house: House) -> None:
    version = served(house)
    assert version is not None
    bundles = house.data / "registry" / "main"
    copy = forge(bundles, version)
    announce(house, copy)
    time.sleep(5)
    log = (house.data / "logs" / "recommend.log").read_text()
    assert f"refused model {copy}" in log
    assert served(house) == version


def forge(bundles: Path, version: str) -> str:
    """A bundle like `version`'s with one bit of its graph flipped."""
    forged = f"{version}-forged"
    (bundles / forged).mkdir()
    for file in (bundles / version).iterdir():
        data = bytearray(file.read_bytes())
        if file.name == "encoder.onnx":
            data[len(data) // 2] ^= 1
        if file.name == "manifest.json":
            data = bytearray(data.replace(version.encode(), forged.encode()))
        (bundles / forged / file.name).write_bytes(data)
    return forged


def announce(house: House, version: str) -> None:
    from recaug.kafka import producer

    record = {
        "name": "main", "version": version, "promoted": True, "reason": "forged", "events": 0,
        "metrics": {}, "train_seconds": 0, "device": "cpu", "created_at": "2026-01-01T00:00:00Z",
    }  # fmt: skip
    client = producer(house.running["kafka"])
    client.send("recaug.models", key=b"main", value=json.dumps(record).encode())
    client.flush()
    client.close()


def test_nothing_was_lost_and_nothing_doubled_through_all_of_it(house: House) -> None:
    code = house.stop()
    report = house.report()
    events, answers = report["events"], report["recommendations"]
    known = events["accepted"] + sum(events["rejected"].values()) + events["duplicates"]
    assert known == events["published"]
    assert answers["missing"] == 0
    assert answers["distinct"] == answers["expected"]
    assert code == 0, house.said()
