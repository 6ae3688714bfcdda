"""A real checkpoint and a real store, right and wrong, against a real log."""

from __future__ import annotations

import asyncio
import json
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, replace

import pytest

from recaug.audit import Check, Report, audit
from recaug.collect import Collector
from recaug.history import History
from recaug.kafka import read
from recaug.settings import Settings
from recaug.shards import Shards
from recaug.state import REFUSED, Change, Store, open_store
from tests.recaug.audit.hand import Hand
from tests.recaug.audit.test_invariants import answered, found


@dataclass(frozen=True)
class Logged:
    """A record of the log as the services' client gives it."""

    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes
    headers: tuple[tuple[str, bytes], ...]


def log_of(settings: Settings) -> Iterator[Logged]:
    for one in read(settings.kafka, [settings.topics.events.name]):
        yield Logged(
            one.partition, one.offset, one.timestamp_ms, one.key, one.value or b"", one.headers
        )


@pytest.fixture
def log(settings: Settings, hand: Hand) -> list[Logged]:
    """Six users with three events each; one was written twice, one sent twice."""
    first = hand.publish("e0-0", user="u0")
    hand.accept("e0-0", first, user="u0")
    hand.answer("e0-0", user="u0")
    for event in range(3):
        for user in range(6):
            if event or user:
                answered(hand, f"e{event}-{user}", f"u{user}")
    hand.accept("e0-0", first, user="u0")
    source = hand.publish("e1-1", user="u1")
    hand.accept("e1-1", source, user="u1")
    return list(log_of(settings))


@pytest.fixture
async def store(settings: Settings) -> AsyncIterator[Store]:
    opened = open_store(settings)
    yield opened
    await opened.close()


async def fold(settings: Settings, store: Store, log: list[Logged]) -> None:
    """What recommend does with the log."""
    parts = defaultdict(list)
    for record in log:
        parts[record.partition].append(record)
    shards = Shards(settings, store)
    await shards.assign({0: None, 1: None})
    await shards.store(await shards.take(parts, {}, 0.0))


def save(settings: Settings, log: list[Logged]) -> None:
    """What learn does with it."""
    collector = Collector(settings)
    collector.fold(log)
    collector.save(settings.data_dir / "learn" / "checkpoints")


def source_of(log: list[Logged]) -> tuple[list[Logged], Logged]:
    """The log without its first event that has no copy, and that event."""
    seen = defaultdict(list)
    for record in log:
        seen[json.loads(record.value)["event_id"]].append(record)
    lost = next(records[0] for records in seen.values() if len(records) == 1)
    return [record for record in log if record is not lost], lost


async def test_services_that_folded_every_event_once(
    settings: Settings, log: list[Logged], store: Store
) -> None:
    save(settings, log)
    await fold(settings, store, log)
    report = await _audit(settings)
    assert report.problems == ()
    assert report.state["checkpoint"] == "18 events compared with the log"
    assert report.state["store"] == "positions, windows and 6 histories compared with the log"


async def test_services_that_left_one_out(
    settings: Settings, log: list[Logged], store: Store
) -> None:
    rest, lost = source_of(log)
    save(settings, rest)
    await fold(settings, store, rest)
    report = await _audit(settings)
    problems = found(report)
    assert set(problems) == {Check.CHECKPOINT, Check.STORE}
    place = f"recaug.events {lost.partition}:{lost.offset}"
    for check in problems:
        assert any(place in said and "is not marked" in said for said in problems[check][1])
    user = (lost.key or b"").decode()
    assert any(f"user {user!r}" in said for said in problems[Check.STORE][1])
    assert any("it counts 17 events, the log holds 18" in s for s in problems[Check.CHECKPOINT][1])


async def test_a_row_that_is_there_twice(
    settings: Settings, log: list[Logged], store: Store
) -> None:
    await fold(settings, store, log)
    partition = next(one.partition for one in log if one.key == b"u2")
    [kept] = await store.users(partition, ["u2"])
    history = History.decode(kept or b"")
    twice = replace(
        history,
        items=history.items * 2,
        kinds=history.kinds * 2,
        times_ms=history.times_ms * 2,
    )
    await change(store, partition, {"u2": twice.encode(), "u3": REFUSED})
    report = await _audit(settings)
    assert set(found(report)) == {Check.STORE_DOUBLED, Check.STORE}
    assert found(report)[Check.STORE_DOUBLED][0] == len(history) == report.doubled
    assert found(report)[Check.STORE] == (
        1,
        (f"user 'u2' of partition {partition} has another history than the log",),
    )


async def test_a_store_whose_position_is_ahead(
    settings: Settings, log: list[Logged], store: Store
) -> None:
    await fold(settings, store, log)
    state = await store.load(0)
    assert state.next_offset is not None
    await store.apply(0, Change(state.next_offset, state.next_offset + 1))
    said = f"it stands at 0:{state.next_offset + 1}, past the end of the log"
    assert found(await _audit(settings)) == {Check.STORE: (1, (said,))}


async def test_a_history_that_a_document_has_cleared_is_excused(
    settings: Settings, hand: Hand, log: list[Logged], store: Store
) -> None:
    await fold(settings, store, log)
    topics = settings.topics
    for user in ("u2", "u3"):
        source = hand.to(topics.users.name, None, user)
        hand.document(topics.clean_users.name, user, source, None)
        number = next(one.partition for one in log if one.key == user.encode())
        await change(store, number, {user: History().encode()})
    assert found(await _audit(settings)) == {}


async def test_what_is_not_there_is_not_compared(settings: Settings, log: list[Logged]) -> None:
    nowhere = settings.model_copy(update={"redis": ""})
    assert (await _audit(nowhere)).state == {
        "checkpoint": "not checked: there is none here",
        "store": "not checked: state is in recommend's memory",
    }
    away = settings.model_copy(update={"redis": "redis://127.0.0.1:1"})
    told = (await _audit(away)).state["store"]
    assert told.startswith("not checked: user state at redis://127.0.0.1:1")


async def test_a_checkpoint_that_was_cut_short(settings: Settings, log: list[Logged]) -> None:
    save(settings, log)
    root = settings.data_dir / "learn" / "checkpoints"
    place = root / (root / "CURRENT").read_text()
    (place / "0.ids").write_bytes((place / "0.ids").read_bytes()[:-1])
    [said] = found(await _audit(settings))[Check.CHECKPOINT][1]
    assert said.startswith(f"{place.name}: the windows of partition 0 cannot be read")

    (place / "state.json").write_bytes(b"{")
    assert (await _audit(settings)).state["checkpoint"].startswith("not checked")


async def change(store: Store, partition: int, users: dict[str, bytes | None]) -> None:
    at = (await store.load(partition)).next_offset
    assert at is not None
    await store.apply(partition, Change(at, at, users))


async def _audit(settings: Settings) -> Report:
    return await asyncio.to_thread(audit, settings)
