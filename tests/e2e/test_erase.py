"""A person acts, is answered and learned from; then a null on `users`, and no trace is left.

Every place is searched for the id, and found to hold it before: a search that cannot find proves
nothing.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import redis

from recaug.audit.bulk import read_range
from recaug.history import History
from recaug.kafka import Record, end_offsets, producer
from tests.e2e.house import House, until

pytestmark = pytest.mark.e2e

PERSON = "person-7f3a91c2d8e04d"
UNWILLING = "unwilling-5b1d77aa03"
SETTINGS = {
    "train_first_events": "300", "train_min_events": "100", "train_every_s": "5",
    "train_budget_s": "4",
}  # fmt: skip


@dataclass
class Scene:
    """A running instance, somebody who writes to its topics, and eyes for all it keeps."""

    house: House
    client: Any
    store: redis.Redis

    def send(self, topic: str, key: str, value: dict[str, Any] | bytes | None) -> None:
        raw = json.dumps(value).encode() if isinstance(value, dict) else value
        self.client.send(topic, key=key.encode(), value=raw)
        self.client.flush()

    def click(self, user: str, number: int) -> None:
        self.send("clickstream", user, {
            "event": "click", "event_id": f"{user}-{number}", "user_id": user,
            "timestamp": int(time.time() * 1000), "item_id": f"sku-{10_001 + number}",
        })  # fmt: skip

    def records(self, *topics: str) -> Iterator[Record]:
        broker = self.house.settings.broker
        names = topics or [topic.name for topic in self.house.settings.topics.all]
        return read_range(broker, {}, end_offsets(broker, names))

    def answers(self, user: str) -> list[dict[str, Any]]:
        found = (r for r in self.records("recommendations") if r.key == user.encode())
        return [json.loads(record.value or b"{}") for record in found]

    def null(self) -> Record:
        """The erasure, as the services read it."""
        (found,) = [r for r in self.records("recaug.users") if r.key == PERSON.encode()]
        assert found.value is None
        return found

    def in_files(self) -> list[str]:
        """Files that name the person; the broker's own log is searched as topics."""
        while True:
            with suppress(FileNotFoundError):  # written aside, and renamed since: look again
                return self._in_files()

    def _in_files(self) -> list[str]:
        data = self.house.data
        searched = [
            path
            for path in data.rglob("*")
            if not path.is_relative_to(data / "kafka" / "logs") and path.is_file()
        ]
        naming = [path for path in searched if PERSON.encode() in path.read_bytes()]
        return [str(path.relative_to(data)) for path in naming]

    def in_redis(self) -> list[bytes]:
        """Keys that name the person, in their names or their values."""
        keys = list(self.store.scan_iter(count=1_000))
        return [key for key in keys if PERSON.encode() in key + self._value(key)]

    def _value(self, key: bytes) -> bytes:
        kind: bytes = self.store.type(key)
        if kind == b"hash":
            cells: dict[bytes, bytes] = self.store.hgetall(key)
            return b"".join([*cells, *cells.values()])
        if kind == b"list":
            return b"".join(self.store.lrange(key, 0, -1))
        return self.store.get(key) or b""

    def rewrite_the_append_only_file(self) -> None:
        """As an operator would: until then it holds every command ever given."""
        self.store.bgrewriteaof()
        busy = ("aof_rewrite_in_progress", "aof_rewrite_scheduled")
        until(lambda: not any(self.store.info("persistence")[name] for name in busy), 30.0)

    def checkpoint(self) -> str:
        return (self.house.data / "learn" / "checkpoints" / "CURRENT").read_text()


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    options = ("--traffic", "simulate:60", "--no-page")
    with House(tmp_path_factory.mktemp("erase"), *options, **SETTINGS) as house:
        client = producer(house.settings.broker)
        with redis.Redis.from_url(house.running["redis"]) as store:
            yield Scene(house, client, store)
        client.close()


def names_the_person(record: Record) -> bool:
    parts = [record.key, record.value, *(value for _, value in record.headers)]
    return any(PERSON.encode() in part for part in parts if part is not None)


def test_a_person_is_known_everywhere_before(scene: Scene) -> None:
    for number in range(3):
        scene.click(PERSON, number)
    scene.send("social", PERSON, b'{"event": "' + PERSON.encode())
    explain = scene.house._explain
    until(lambda: len(scene.answers(PERSON)) == 3, 60.0, explain)
    until(lambda: any("buffer.npz" in name for name in scene.in_files()), 60.0, explain)
    assert sum(map(names_the_person, scene.records("recaug.dead-letters"))) == 1
    assert scene.in_redis()
    assert any(name.startswith("redis/") for name in scene.in_files())


def test_a_null_takes_all_of_it_away_and_no_restart_brings_it_back(scene: Scene) -> None:
    house = scene.house
    scene.send("users", PERSON, None)
    until(lambda: not scene.in_redis(), 30.0, house._explain)
    until(lambda: not [n for n in scene.in_files() if n.startswith("learn")], 30.0, house._explain)
    old = {name: house.kill(name) for name in ("learn", "recommend")}
    before = scene.checkpoint()
    for name, pid in old.items():
        house.replaced(name, pid)
    until(lambda: scene.checkpoint() != before, 60.0, house._explain)  # it has read on, and saved
    scene.click("somebody-else", 1)
    until(lambda: len(scene.answers("somebody-else")) == 1, 60.0, house._explain)
    scene.rewrite_the_append_only_file()
    assert scene.in_redis() == []
    assert scene.in_files() == []
    assert PERSON not in house.said()


def test_no_topic_names_the_person_past_the_null(scene: Scene) -> None:
    null = scene.null()
    found = list(filter(names_the_person, scene.records()))
    assert {r.topic for r in found} >= {"clickstream", "recaug.events", "recommendations"}
    assert [r for r in found if r.timestamp_ms > null.timestamp_ms] == []


def test_a_fine_tune_says_that_it_honoured_the_null_and_no_bundle_names_anybody(
    scene: Scene,
) -> None:
    null = scene.null()
    until(lambda: bool(begun_after(scene, null)), 60.0, scene.house._explain)
    users = {record.key for record in scene.records("recaug.events") if record.key}
    assert len(users) > 10
    for path in (scene.house.data / "registry").rglob("*"):
        data = path.read_bytes() if path.is_file() else b""
        assert not [user for user in users if user in data], path


def begun_after(scene: Scene, null: Record) -> list[Path]:
    """Fine-tunes that began after learn had read the null."""
    return [
        job
        for job in (scene.house.data / "learn" / "jobs").glob("*/job.json")
        if json.loads(job.read_bytes())["offsets"]["recaug.users"].get(str(null.partition), 0)
        > null.offset
    ]


def test_who_comes_back_is_a_new_person(scene: Scene) -> None:
    scene.click(PERSON, 77)
    until(lambda: len(scene.answers(PERSON)) == 4, 30.0, scene.house._explain)
    until(lambda: bool(scene.in_redis()), 30.0, scene.house._explain)
    (key,) = scene.in_redis()
    kept = scene.store.get(key)
    assert kept is not None
    assert History.decode(kept).items == ["sku-10078"]


def test_who_refuses_is_answered_with_popularity_and_not_remembered(scene: Scene) -> None:
    scene.click(UNWILLING, 1)
    explain = scene.house._explain
    until(lambda: bool(scene.store.keys(f"*{UNWILLING}*")), 30.0, explain)
    scene.send("users", UNWILLING, {
        "user_id": UNWILLING, "timestamp": int(time.time() * 1000),
        "consent": {"personalization": False},
    })  # fmt: skip
    (key,) = scene.store.keys(f"*{UNWILLING}*")
    until(lambda: scene.store.get(key) == b"-", 30.0, explain)
    scene.click(UNWILLING, 2)
    until(lambda: len(scene.answers(UNWILLING)) == 2, 30.0, explain)
    assert scene.answers(UNWILLING)[-1]["fallback"] == "consent"
    assert (scene.store.get(key), scene.store.ttl(key)) == (b"-", -1)
