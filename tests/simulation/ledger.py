"""What must hold once everything has been worked off (I1 to I4), by a plain reading of the log."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import Any

from faust.types import TP

from recaug.collect import Collector
from recaug.events import KINDS, items_of, recommendation_id, user_key
from recaug.history import History
from tests.simulation.world import PARTITIONS, Entry, World


@dataclass(frozen=True)
class Counted:
    """An event that counts: the first record of its source and of its id."""

    entry: Entry
    event: dict[str, Any]


def counted(world: World) -> list[Counted]:
    """The log of clean events, each source and each id once, in order within a partition."""
    found, sources, ids = [], set[bytes](), set[str]()
    for entry in world.entries(world.settings.topics.events.name):
        source, event = dict(entry.headers)["src"], json.loads(entry.value)
        if source not in sources and event["event_id"] not in ids:
            found.append(Counted(entry, event))
        sources.add(source)
        ids.add(event["event_id"])
    return found


def check_fates(world: World) -> None:
    """I1: every input is accepted, or refused, or a resend of one that was accepted."""
    accepted = {
        dict(entry.headers)["src"]: json.loads(entry.value)["event_id"]
        for entry in world.entries(world.settings.topics.events.name)
    }
    refused = {_place(entry) for entry in world.entries(world.settings.topics.dead_letters.name)}
    known = set(accepted.values())
    for topic in world.settings.topics.behaviour:
        for entry in world.entries(topic.name):
            source = f"{entry.topic}:{entry.partition}:{entry.offset}".encode()
            good = entry.value.startswith(b"{")
            assert (source in refused) is not good, f"{source!r} has the wrong fate"
            if good and source not in accepted:
                assert json.loads(entry.value)["event_id"] in known, f"{source!r} is lost"


def _place(letter: Entry) -> bytes:
    told = dict(letter.headers)
    parts = (told[f"__streams.errors.{part}"] for part in ("topic", "partition", "offset"))
    return b":".join(parts)


def check_answers(world: World, events: list[Counted]) -> None:
    """I2: every event that counts is answered or superseded; nothing else is."""
    given: dict[str, set[tuple[str, int, int]]] = defaultdict(set)
    stood_for: set[tuple[int, int]] = set()
    for entry in world.entries(world.settings.topics.recommendations.name):
        answer = json.loads(entry.value)
        source = answer["source_event"]
        given[answer["recommendation_id"]].add(
            (source["event_id"], source["partition"], entry.partition)
        )
        stood_for |= {(source["partition"], offset) for offset in answer.get("supersedes", ())}
    ids = {recommendation_id(each.event["event_id"]) for each in events}
    assert given.keys() <= ids, "an answer to what never happened"
    assert all(len(copies) == 1 for copies in given.values()), "one id, two answers"
    for each in events:
        answered = recommendation_id(each.event["event_id"]) in given
        place = each.entry.partition, each.entry.offset
        assert answered or place in stood_for, f"{each.event} has no answer"


def check_order(world: World, events: list[Counted]) -> None:
    """I4: a user's events stay in the order in which they came."""
    order: dict[str, list[int]] = defaultdict(list)
    for each in events:
        topic, partition, offset = dict(each.entry.headers)["src"].decode().split(":")
        order[f"{topic}:{partition}:{user_key(each.event)}"].append(int(offset))
    for who, offsets in order.items():
        assert offsets == sorted(offsets), f"{who} in the order {offsets}"


async def check_state(world: World, events: list[Counted]) -> None:
    """I2: what the store holds of each user is their events, folded once each."""
    expected: dict[tuple[int, str], History] = {}
    for each in events:
        at = each.entry.partition, user_key(each.event)
        expected.setdefault(at, History(world.settings.history)).fold(each.event)
    for (partition, user), history in expected.items():
        (kept,) = await world.store.users(partition, [user])
        assert kept == history.encode(), f"{user} in partition {partition}"


def check_buffer(collector: Collector, world: World, events: list[Counted]) -> None:
    """I3: the buffer holds every event once, and the positions say all of the log was read."""
    name = world.settings.topics.events.name
    read = [collector.positions.get(n, 0) for n in range(PARTITIONS)]
    assert read == [len(world.log[TP(name, n)]) for n in range(PARTITIONS)]
    rows = collector.buffer.snapshot()
    held = Counter(
        zip(
            [rows.user_ids[user] for user in rows.users],
            [rows.item_ids[item] for item in rows.items],
            rows.kinds.tolist(),
            rows.times_ms.tolist(),
            strict=True,
        )
    )
    wanted = Counter(
        (user_key(each.event), item, KINDS[each.event["event"]], each.event["timestamp"])
        for each in events
        for item in items_of(each.event)
    )
    assert held == wanted, (held - wanted, wanted - held)
