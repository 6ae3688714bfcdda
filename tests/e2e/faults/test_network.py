"""The broker and the wires to it: killed, stopped, cut off, silent, slow."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from recaug.kafka import admin
from recaug.settings import Settings
from tests.e2e.faults.broker import Ledger
from tests.e2e.faults.conftest import Note
from tests.e2e.faults.site import Site, site
from tests.e2e.faults.watch import acknowledged, nothing_lost, well
from tests.e2e.house import until

pytestmark = pytest.mark.e2e

#: Small, so that a few seconds of writing roll many of them; the least a broker allows.
SEGMENT_BYTES = 1_048_576


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with site(tmp_path_factory.mktemp("network"), 300, train_first_events="10000000") as found:
        yield found


def test_the_broker_is_killed_and_comes_back_later(place: Site, took: Note) -> None:
    """What it had acknowledged is there, where it had said; of the rest its producer was told."""
    with Ledger(
        place.kafka.bootstrap, place.house.settings.topics.searches.name, rate=50
    ) as ledger:
        time.sleep(1)
        place.kafka.kill()
        time.sleep(5)
        place.kafka.restart()
        took("F6 kill -9 of the broker, back after 5 s", well(place.house))
    kept_all(ledger)


def test_the_broker_is_restarted_in_order(place: Site, took: Note) -> None:
    with Ledger(
        place.kafka.bootstrap, place.house.settings.topics.searches.name, rate=50
    ) as ledger:
        time.sleep(1)
        place.kafka.stop()
        place.kafka.restart()
        took("F7 clean restart of the broker", well(place.house))
    kept_all(ledger)


def kept_all(ledger: Ledger) -> None:
    kept = ledger.kept()
    assert ledger.acknowledged
    assert ledger.acknowledged.items() <= kept.items()
    assert len(ledger.acknowledged) + len(ledger.refused) == ledger.sent


def test_the_line_is_cut(place: Site, took: Note) -> None:
    place.line.cut = True
    time.sleep(1)  # what was on its way has arrived
    before = acknowledged(Settings(kafka=place.kafka.bootstrap))
    time.sleep(4)
    assert acknowledged(Settings(kafka=place.kafka.bootstrap)) == before
    place.line.heal()
    took("F8 connections cut for 5 s", well(place.house))


def test_the_line_goes_silent(place: Site, took: Note) -> None:
    """Nothing is refused or closed: only patience tells the workers."""
    place.line.silent = True
    time.sleep(1)
    before = acknowledged(Settings(kafka=place.kafka.bootstrap))
    time.sleep(13)  # longer than a session
    assert acknowledged(Settings(kafka=place.kafka.bootstrap)) == before
    place.line.heal()
    took("F8 silence on the line for 14 s", well(place.house))


def test_the_line_is_slow_and_breaks_now_and_then(place: Site, took: Note) -> None:
    place.line.delay_s, place.line.resets = 0.25, 0.01
    passed = place.line.passed
    time.sleep(5)
    assert place.line.passed > passed
    place.line.heal()
    took("F9 500 ms and 1 % resets for 5 s", well(place.house))


def test_the_broker_is_killed_while_it_rolls_its_log(place: Site, took: Note) -> None:
    topic = "rolling"
    with admin(place.kafka.bootstrap) as client:
        spec = {
            "num_partitions": 2,
            "replication_factor": 1,
            "configs": {"segment.bytes": str(SEGMENT_BYTES)},
        }
        client.create_topics({topic: spec})
        client.wait_for_topics([topic])
    with Ledger(place.kafka.bootstrap, topic, size=16_000, rate=150) as ledger:
        for _ in range(2):
            enough = len(ledger.acknowledged) + 300  # some four segments
            until(lambda enough=enough: len(ledger.acknowledged) >= enough, 60.0)  # type: ignore[misc]
            place.kafka.kill()
            place.kafka.restart()
    took("F22 kill -9 twice while segments roll", well(place.house))
    segments = list((place.kafka.directory / "logs").glob(f"{topic}-*/*.log"))
    assert len(segments) > 10
    kept_all(ledger)


def test_nothing_was_lost_and_nothing_doubled_through_all_of_it(place: Site) -> None:
    place.traffic.stop()
    report = nothing_lost(place.house)
    assert report["events"]["accepted"] > 10_000
