"""Positions, disks and logs that somebody else has changed."""

from __future__ import annotations

import os
import re
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import orjson
import pytest
from kafka import TopicPartition
from kafka.structs import OffsetAndMetadata

from recaug.audit import audit
from recaug.kafka import admin, end_offsets
from recaug.settings import SERVICES
from tests.e2e.faults.beside import never_restarted, nobody_restarts
from tests.e2e.faults.conftest import Note
from tests.e2e.faults.watch import well
from tests.e2e.house import House, until

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """One instance under load that trains often; the faults follow one another."""
    settings = {
        "train_first_events": "2000", "train_min_events": "500", "train_every_s": "10",
        "train_budget_s": "5",
    }  # fmt: skip
    options = ("--traffic", "simulate:200", "--no-page")
    with House(tmp_path_factory.mktemp("positions"), *options, **settings) as house:
        until(lambda: len(checkpoints(house)) >= 2, 150.0, house._explain)
        well(house)
        yield house


def checkpoints(house: House) -> list[Path]:
    """Oldest first."""
    return sorted((house.data / "learn" / "checkpoints").glob("[0-9]*"))


def current(house: House) -> Path:
    """The checkpoint that learn would go on from."""
    place = house.data / "learn" / "checkpoints"
    return place / (place / "CURRENT").read_text()


def test_the_newest_checkpoint_is_damaged(house: House, took: Note) -> None:
    """F14: learn says so, takes the one before, and reads on from there."""
    with nobody_restarts(house):
        house.kill("learn")
        newest = current(house)
        (newest / "buffer.npz").write_bytes(b"")
    took("F14 newest checkpoint damaged", well(house))
    assert f"checkpoint {newest} is damaged" in house.log("learn")


@contextmanager
def no_room(directory: Path) -> Iterator[None]:
    """A full disk in its place; where nobody may mount one, a directory nobody may write."""
    mounted = (
        os.geteuid() == 0
        and not subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=64k,mode=700", "tmpfs", directory], check=False
        ).returncode
    )
    if not mounted:
        directory.chmod(0o500)
    try:
        yield
    finally:
        if mounted:
            subprocess.run(["umount", "-l", directory], check=True)
        else:
            directory.chmod(0o700)


def test_no_room_for_checkpoints(house: House, took: Note) -> None:
    """F15: learn says so and folds on; nothing of the last checkpoint is lost, nobody else notices.

    Once there is room it writes the next one.
    """
    place = house.data / "learn" / "checkpoints"
    before = current(house)
    with never_restarted(house, "clean", "recommend"):
        with no_room(place):
            old = house.kill("learn")
            house.replaced("learn", old)
            complaint = "no checkpoint can be written"
            until(lambda: complaint in house.log("learn"), 150.0, house._explain)
        assert current(house) == before
        took("F15 disk full under the checkpoints", well(house))
        until(lambda: current(house) != before, 150.0, house._explain)


@contextmanager
def nobody_home(house: House) -> Iterator[None]:
    """All services down, and their groups empty: only then may offsets be changed."""
    with nobody_restarts(house):
        for service in SERVICES:
            house.kill(service)
        until(lambda: all(members(house, service) == 0 for service in SERVICES), 60.0)
        yield


def members(house: House, service: str) -> int:
    group = house.settings.group(service)
    with admin(house.settings.kafka) as client:
        return len(client.describe_groups([group])[group]["members"])


def test_an_operator_moves_the_groups_forward(house: House, took: Note) -> None:
    """F21: all that waited is read all the same, and clean says that it had been skipped."""
    with nobody_home(house):
        time.sleep(3)  # shoppers go on: this is what would be lost
        for service in SERVICES:
            move_to_the_end(house, service)
        with admin(house.settings.kafka) as client:
            group, topic = house.settings.group("learn"), house.settings.topics.events.name
            client.delete_group_offsets(group, [TopicPartition(topic, n) for n in range(4)])
    took("F21 groups reset to the end, or deleted", well(house))
    assert re.search(r"the group was moved past \d+ records", house.log("clean"))


def move_to_the_end(house: House, service: str) -> None:
    topics = house.settings.topics
    reads = topics.inputs if service == "clean" else (topics.events,)
    ends = end_offsets(house.settings.kafka, [topic.name for topic in reads])
    with admin(house.settings.kafka) as client:
        offsets = {TopicPartition(*at): OffsetAndMetadata(n, "", -1) for at, n in ends.items()}
        client.alter_group_offsets(house.settings.group(service), offsets)


def test_nothing_was_lost_and_nothing_doubled_through_all_of_it(house: House) -> None:
    """While it runs, for the fault that is left takes away what it would be judged by."""
    report = audit(house.settings, drained=False)
    assert report.missing == report.doubled == 0, report.problems
    assert report.events.accepted > 5_000


def test_retention_overtakes_the_trainer(house: House, took: Note) -> None:
    """F19: learn says exactly how many records it will never see, and goes on with the rest."""
    lost = 40
    with nobody_restarts(house):
        house.kill("learn")
        state = current(house) / "state.json"
        positions = {int(n): at for n, at in orjson.loads(state.read_bytes())["positions"].items()}
        time.sleep(2)  # the log goes on
        cut(house, {number: at + lost for number, at in positions.items()})
    took("F19 retention overran the trainer", well(house))
    told = re.findall(r"retention removed (\d+) unread records", house.log("learn"))
    assert sum(map(int, told)) == lost * len(positions) > 0


def cut(house: House, before: dict[int, int]) -> None:
    topic = house.settings.topics.events.name
    with admin(house.settings.kafka) as client:
        client.delete_records({TopicPartition(topic, n): at for n, at in before.items()})
