"""Workers that are killed, stopped, frozen, hung, multiplied: nothing lost, nothing twice."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from itertools import cycle

import pytest

from recaug.settings import SERVICES
from streams.watchdog import STALLED
from tests.e2e.faults.beside import Beside, nobody_restarts, own_name
from tests.e2e.faults.conftest import Note
from tests.e2e.faults.watch import nothing_lost, well
from tests.e2e.house import House

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """One instance under load; the faults follow one another, the last test counts."""
    settings = {"train_first_events": "3000", "train_budget_s": "6", "train_every_s": "60"}
    options = ("--traffic", "simulate:200", "--no-page")
    with House(tmp_path_factory.mktemp("workers"), *options, **settings) as house:
        well(house)
        yield house


def test_one_of_two_workers_is_killed(house: House, took: Note) -> None:
    with Beside(house, "clean", "second") as second:
        second.wait_ready()
        time.sleep(2)
        second.signal(signal.SIGKILL)
        took("F1 kill -9 of one of two clean workers", well(house))


def test_a_worker_told_to_stop_finishes_and_a_hung_one_is_killed(house: House, took: Note) -> None:
    old = house.kill("clean", signal.SIGTERM)
    house.replaced("clean", old)
    assert "clean ended by itself" in house.said()
    took("F2 SIGTERM of clean with a batch in hand", well(house))
    with nobody_restarts(house):
        house.kill("clean")
        with Beside(house, "clean", own_name(house), ["hang"]) as hung:
            hung.wait_ready()
            time.sleep(4)
            hung.signal(signal.SIGTERM)
            time.sleep(3)
            assert hung.process.poll() is None
            hung.signal(signal.SIGKILL)
    took("F2 SIGTERM, then kill -9, of a hung clean", well(house))


def test_a_frozen_worker_wakes_up_after_others_took_its_work(house: House, took: Note) -> None:
    with Beside(house, "clean", "frozen") as frozen:
        frozen.wait_ready()
        time.sleep(1)
        frozen.signal(signal.SIGSTOP)
        time.sleep(13)  # its session ends after 10
        frozen.signal(signal.SIGCONT)
        took("F3 clean frozen for 13 s, then a zombie", well(house))
        frozen.signal(signal.SIGTERM)
        frozen.wait()


def test_every_service_is_killed_at_once(house: House, took: Note) -> None:
    old = {service: house.kill(service) for service in SERVICES}
    began = time.monotonic()
    for service in SERVICES:
        house.replaced(service, old[service])
    took("F4 kill -9 of all services", well(house, began))


def test_workers_come_and_go_all_the_time(house: House, took: Note) -> None:
    until_s = time.monotonic() + 5.0
    for number in cycle([signal.SIGTERM, signal.SIGKILL]):
        with Beside(house, "clean", "more") as one, Beside(house, "recommend", "more") as other:
            one.wait_ready()
            other.wait_ready()
            one.signal(number)
            other.signal(number)
            one.wait()
            other.wait()
        if time.monotonic() > until_s:
            break
    took("F5 workers come and go all the time", well(house))


def test_the_broker_is_killed_and_the_supervisor_brings_it_back(house: House, took: Note) -> None:
    old = house.kill("kafka")
    began = time.monotonic()
    house.replaced("kafka", old)
    took("F6 kill -9 of the broker, back at once", well(house, began))


def test_recommend_is_killed_with_answers_out_and_nothing_committed(
    house: House, took: Note
) -> None:
    with nobody_restarts(house):
        house.kill("recommend")
        with Beside(house, "recommend", own_name(house), ["die_unstored"]) as doomed:
            assert doomed.wait() == -signal.SIGKILL
    took("F17 kill -9 of recommend between answer and commit", well(house))


@pytest.mark.parametrize(("hang", "code"), [("sleep", STALLED), ("hog", 1)])
def test_a_worker_that_stands_still_ends_itself(
    house: House, took: Note, hang: str, code: int
) -> None:
    with nobody_restarts(house):
        house.kill("clean")
        with Beside(house, "clean", own_name(house), [hang]) as stuck:
            assert stuck.wait() == code
    took(f"F20 clean stands still ({hang})", well(house))


def test_nothing_was_lost_and_nothing_doubled_through_all_of_it(house: House) -> None:
    report = nothing_lost(house)
    assert report["events"]["accepted"] > 10_000
