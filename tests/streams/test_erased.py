"""The shells around erasure, on a real broker: what clean writes, what learn keeps on the disk."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import orjson

from recaug.buffer import RollingBuffer
from recaug.erase import Erasures
from recaug.kafka import Record as Found
from recaug.kafka import read
from recaug.quality import Quality
from recaug.settings import Settings
from streams.clean import Clean
from streams.egress import Egress
from streams.learn import Learn
from streams.trainer import Trainer
from streams.transport import Batch
from streams.vectors import Vectors

ANN, BOB = "person-ann-7f3a91c2", "person-bob-55e0c1ab"
NOW_MS = 1_764_000_000_000


@dataclass(frozen=True)
class Polled:
    """A record as the consumer gives it."""

    topic: str
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    partition: int = 0
    headers: Sequence[tuple[str, bytes]] = ()


def click(topic: str, offset: int, user: str, at_ms: int) -> Polled:
    event = {
        "event": "click", "event_id": f"e{offset}", "timestamp": at_ms, "user_id": user,
        "item_id": f"i{offset}",
    }  # fmt: skip
    return Polled(topic, offset, at_ms, user.encode(), orjson.dumps(event))


def batch(*records: Polled) -> Batch:
    return Batch(records, {})  # type: ignore[arg-type]


def written(settings: Settings, *topics: str) -> list[Found]:
    return list(read(settings.broker, topics))


async def test_the_null_is_appended_before_what_its_user_does_afterwards(
    settings: Settings, egress: Egress
) -> None:
    topics = settings.topics
    await Clean(settings, egress)(batch(
        click(topics.clickstream.name, 0, ANN, NOW_MS),
        click(topics.clickstream.name, 1, ANN, NOW_MS + 20),
        click(topics.clickstream.name, 2, BOB, NOW_MS),
        Polled(topics.users.name, 0, NOW_MS + 10, ANN.encode(), None),
    ))  # fmt: skip
    (null,) = written(settings, topics.clean_users.name)
    events = written(settings, topics.events.name)
    assert {orjson.loads(event.value or b"")["event_id"] for event in events} == {"e1", "e2"}
    assert all(event.timestamp_ms >= null.timestamp_ms for event in events)


async def test_of_a_late_record_nothing_is_kept_but_where_it_was(
    settings: Settings, egress: Egress
) -> None:
    """As after a restart: the null was read by a worker before this one."""
    erasures, topics = Erasures(), settings.topics
    erasures.erase(ANN, NOW_MS + 10)
    bad = Polled(topics.social.name, 4, NOW_MS, ANN.encode(), b"{", 1, [("who", ANN.encode())])
    await Clean(settings, egress, erasures)(batch(
        click(topics.clickstream.name, 0, ANN, NOW_MS), bad,
    ))  # fmt: skip
    letters = written(settings, topics.dead_letters.name)
    assert [(letter.key, letter.value) for letter in letters] == [(None, None)] * 2
    assert [letter.header("__streams.errors.exception") for letter in letters] == [b"erased"] * 2
    places = {letter.header("__streams.errors.offset") for letter in letters}
    assert places == {b"0", b"4"}
    assert ANN not in repr(letters)
    assert written(settings, topics.events.name) == []


def naming(root: Path, user: str) -> list[Path]:
    return [p for p in root.rglob("*") if p.is_file() and user.encode() in p.read_bytes()]


async def test_learn_takes_people_out_of_every_file(settings: Settings, egress: Egress) -> None:
    topics, root = settings.topics, settings.data_dir
    learn = Learn(settings, egress, Vectors(settings, egress), Quality())
    events = topics.events.name
    await learn(batch(click(events, 0, ANN, NOW_MS), click(events, 1, BOB, NOW_MS)))
    place = learn.checkpoint()
    assert place is not None
    job = root / "learn" / "jobs" / "1"
    job.mkdir(parents=True)
    (job / "buffer.npz").hardlink_to(place / "buffer.npz")
    await learn(batch(click(events, 2, BOB, NOW_MS)))
    learn.checkpoint()
    assert len(naming(root, ANN)) == 3
    await learn(batch(Polled(topics.clean_users.name, 5, NOW_MS + 1, ANN.encode(), None)))
    assert naming(root, ANN) == []
    assert RollingBuffer.load(job / "buffer.npz").snapshot().user_ids == [BOB]

    # Killed, and started again.
    again = Learn(settings, egress, Vectors(settings, egress), Quality())
    await again(batch(click(events, 3, ANN, NOW_MS + 1), click(events, 4, BOB, NOW_MS + 1)))
    again.checkpoint()
    assert naming(root, ANN) == []
    await again(batch(click(events, 5, ANN, NOW_MS + 2)))
    again.checkpoint()
    assert naming(root, ANN)  # a new person


def test_rows_of_a_run_that_was_killed_are_gone_at_the_next_start(tmp_path: Path) -> None:
    job = tmp_path / "learn" / "jobs" / "1"
    job.mkdir(parents=True)
    (job / "buffer.npz").write_bytes(b"rows")
    (job / "train.log").write_bytes(b"said")
    Trainer(Settings(data_dir=tmp_path))
    assert [path.name for path in job.iterdir()] == ["train.log"]
