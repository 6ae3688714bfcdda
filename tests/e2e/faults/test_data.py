"""What comes in, goes out and is kept: refused, poisoned, away, full, damaged."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import orjson
import pytest
import redis
from kafka.admin import ConfigResource, ConfigResourceType

from recaug.kafka import admin, end_offsets, producer, read
from recaug.local.supervise import MEANING
from streams.agent import FATAL
from tests.e2e.faults import bundles
from tests.e2e.faults.beside import Beside, never_restarted, nobody_restarts, own_name
from tests.e2e.faults.conftest import Note
from tests.e2e.faults.watch import acknowledged, nothing_lost, well
from tests.e2e.house import House, until

pytestmark = pytest.mark.e2e

YEAR_MS = 365 * 86_400_000


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """One instance under load and with a model; the faults follow one another."""
    options = ("--traffic", "simulate:200", "--no-page")
    settings = dict.fromkeys(("train_every_s", "train_every_events"), "10000000")
    with House(tmp_path_factory.mktemp("data"), *options, **settings) as house:
        bundles.publish(house, bundles.first(house))
        until(lambda: "serving model" in house.log("recommend"), 60.0, house._explain)
        well(house)
        yield house


@contextmanager
def answers(house: House) -> Iterator[list[dict[str, Any]]]:
    """All recommendations of a stretch of time, oldest first, there once it is over."""
    topic = house.settings.topics.recommendations.name
    begin, found = end_offsets(house.settings.kafka, [topic]), list[dict[str, Any]]()
    yield found
    records = sorted(read(house.settings.kafka, [topic], begin), key=lambda r: r.timestamp_ms)
    found += (orjson.loads(record.value or b"") for record in records)


def set_largest(house: House, largest: int) -> None:
    topic = house.settings.topics.recommendations.name
    configs = {"max.message.bytes": str(largest)}
    with admin(house.settings.kafka) as client:
        client.alter_configs([ConfigResource(ConfigResourceType.TOPIC, topic, configs)])


def test_output_that_is_refused_acknowledges_nothing(house: House, took: Note) -> None:
    """F10: the worker ends with 70 again and again, and goes on once its output is taken."""
    set_largest(house, 200)
    try:
        ended = f"recommend {MEANING[FATAL]}"
        until(lambda: house.said().count(ended) >= 1, 60.0, house._explain)
        before = answered(house)
        until(lambda: house.said().count(ended) >= 2, 60.0, house._explain)
        assert answered(house) == before
    finally:
        set_largest(house, 2**21)
    took("F10 recommendations refused by the broker", well(house))


def answered(house: House) -> dict[Any, int]:
    """How far recommend has acknowledged the events."""
    places = acknowledged(house.settings)
    return {at: n for at, n in places.items() if at[:2] == ("recommend", "recaug.events")}


def test_a_storm_of_bad_input_restarts_nobody(house: House, took: Note) -> None:
    """F11: every bad record is a dead letter; I1 is asserted for all of them at the end."""
    with never_restarted(house):
        storm = house.run(
            "simulate", "--rate", "200", "--bad", "0.2", "--for", "8",
            "--users", "200", "--items", "200",
        )  # fmt: skip
        assert "of them bad" in storm.stderr
        took("F11 a fifth of the input is bad for 8 s", well(house))


def test_event_times_years_off_are_judged_and_stop_nothing(house: House, took: Note) -> None:
    """F18: what is ten years ahead is refused, what is ten years old is not in the way."""
    now = int(time.time() * 1000)
    with never_restarted(house):
        client = producer(house.settings.kafka)
        for number, years in enumerate([-10, 10, -1, 1] * 25):
            user = f"odd-{number % 9}"
            event = {
                "event": "click", "event_id": f"odd-{number}", "user_id": user,
                "item_id": "sku-10001", "timestamp": now + years * YEAR_MS,
            }  # fmt: skip
            client.send("clickstream", key=user.encode(), value=orjson.dumps(event))
        client.flush()
        client.close()
        took("F18 events dated years ahead and back", well(house))
    topic = house.settings.topics.dead_letters.name
    letters = [r.value or b"" for r in read(house.settings.kafka, [topic])]
    assert sum(b'"odd-' in letter for letter in letters) == 50


def test_the_clock_of_the_machine_jumps(house: House, took: Note) -> None:
    """F18: an hour ahead, an hour back: what the broker took at a good time is not refused."""
    rejected = letters(house)
    with nobody_restarts(house):
        for service in ("clean", "recommend"):
            house.kill(service)
        with (
            Beside(house, "clean", own_name(house), ["skew"]) as clean,
            Beside(house, "recommend", own_name(house), ["skew"]) as recommend,
        ):
            clean.wait_ready()
            recommend.wait_ready()
            time.sleep(6)
            took("F18 clocks jump by an hour", well(house))
            for worker in (clean, recommend):
                worker.signal(signal.SIGTERM)
                assert worker.wait() == 0
    well(house)
    assert letters(house) == rejected


def letters(house: House) -> int:
    topic = house.settings.topics.dead_letters.name
    return sum(end_offsets(house.settings.kafka, [topic]).values())


AWAY = "state_unavailable"


def fallbacks(house: House, seconds: float = 1.0) -> set[str | None]:
    """How answers are made just now."""
    with answers(house) as given:
        time.sleep(seconds)
    return {answer["fallback"] for answer in given}


def back(house: House) -> None:
    """The store answers again and holds what the log made of it."""
    until(lambda: (now := fallbacks(house)) != set() and AWAY not in now, 90.0, house._explain)
    with redis.Redis.from_url(house.running["redis"]) as store:
        until(lambda: store.dbsize() > 100, 60.0, house._explain)


def test_the_store_is_killed_and_empty_when_it_is_back(house: House, took: Note) -> None:
    """F12: answers go on from popularity, and the state is made again from the log."""
    with redis.Redis.from_url(house.running["redis"]) as store, never_restarted(house):
        with nobody_restarts(house):
            store.flushall()
            house.kill("redis")
            until(lambda: AWAY in fallbacks(house), 60.0, house._explain)
        until(lambda: bool(house.pid("redis")), 60.0, house._explain)
        began = time.monotonic()
        back(house)
        took("F12 Redis killed and wiped", well(house, began))


def test_the_store_is_emptied_in_place(house: House, took: Note) -> None:
    """F12: the positions are gone with the state, so all of it is made again."""
    began = time.monotonic()
    with redis.Redis.from_url(house.running["redis"]) as store, never_restarted(house):
        store.flushall()
        back(house)
        took("F12 Redis emptied in place", well(house, began))


def test_the_store_is_full(house: House, took: Note) -> None:
    """F12: it can be read but refuses writes, so that nothing is acknowledged as stored."""
    said = house.log("recommend").count("answering from popularity")
    with redis.Redis.from_url(house.running["redis"]) as store, never_restarted(house):
        store.config_set("maxmemory", 1_000_000)
        until(lambda: house.log("recommend").count("answering from popularity") > said, 60.0)
        time.sleep(3)
        store.config_set("maxmemory", 0)
        began = time.monotonic()
        back(house)
        took("F12 Redis full", well(house, began))


def test_the_store_is_frozen(house: House, took: Note) -> None:
    """F12: it takes connections and says nothing, for longer than anybody waits."""
    pid = house.pid("redis")
    with never_restarted(house):
        os.kill(pid, signal.SIGSTOP)
        try:
            until(lambda: AWAY in fallbacks(house), 60.0, house._explain)
            time.sleep(5)
        finally:
            os.kill(pid, signal.SIGCONT)
        began = time.monotonic()
        back(house)
        took("F12 Redis frozen", well(house, began))


def serving(house: House) -> str | None:
    """The version that the next answer names."""
    with answers(house) as given:
        time.sleep(1)
    return given[-1]["model"]["version"] if given else None


def test_a_bad_model_never_answers(house: House, took: Note) -> None:
    """F16, F14: signed and whole but useless, or with one bit of it flipped on the disk."""
    good = serving(house)
    assert good is not None
    began = time.monotonic()
    with never_restarted(house), answers(house) as given:
        for spoil in bundles.BAD:
            bad = bundles.copy(house, good, f"29991231T0000-{spoil.__name__}", spoil)
            bundles.publish(house, bad)
            refused = f"refused model {bad}"
            until(lambda refused=refused: refused in house.log("recommend"), 60.0)  # type: ignore[misc]
        flipped = bundles.copy(house, good, "29991231T0000-flipped")
        bundles.publish(house, flipped, damage=True)
        until(lambda: f"refused model {flipped}" in house.log("recommend"), 60.0)
    assert {answer["model"]["version"] for answer in given} == {good}
    bundles.publish(house, good)
    took("F16 five bad models published", time.monotonic() - began)


def test_many_swaps_under_load_fail_nobody(house: House, took: Note) -> None:
    """F16: every answer names one of the two, and every event is answered (asserted at the end)."""
    one = serving(house)
    assert one is not None
    other = bundles.copy(house, one, f"{one}-twin")
    began = time.monotonic()
    with never_restarted(house), answers(house) as given:
        for version in (other, one) * 10:
            swaps = house.log("recommend").count("serving model")
            bundles.publish(house, version)
            until(lambda n=swaps: house.log("recommend").count("serving model") > n, 60.0)  # type: ignore[misc]
    assert {answer["model"]["version"] for answer in given} == {one, other}
    took("F16 twenty swaps under load", time.monotonic() - began)


def test_a_promotion_nobody_was_told_of_is_announced_at_the_next_start(
    house: House, took: Note
) -> None:
    """F13: killed between the two, learn leaves a champion that no worker knows."""
    one = serving(house)
    assert one is not None
    untold = bundles.copy(house, one, f"{one}-untold")
    with nobody_restarts(house):
        house.kill("learn")
        bundles.registry(house).promote("main", untold)
    began = time.monotonic()
    until(lambda: f"serving model {untold}" in house.log("recommend"), 90.0, house._explain)
    took("F13 learn killed between promotion and announcement", well(house, began))


def test_nothing_was_lost_and_nothing_doubled_through_all_of_it(house: House) -> None:
    report = nothing_lost(house)
    assert report["events"]["accepted"] > 10_000
    assert sum(report["events"]["rejected"].values()) > 50
