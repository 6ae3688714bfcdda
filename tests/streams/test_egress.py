"""What is written: all of a batch or an error, in partitions that every client agrees on."""

from __future__ import annotations

import pytest

from recaug.kafka import producer, read
from recaug.settings import Settings
from streams.egress import DeliveryFailed, Egress, Record


async def test_a_batch_is_there_when_send_returns(settings: Settings, egress: Egress) -> None:
    topic = settings.topics.events.name
    headers = (("src", b"clickstream:0:7"),)
    await egress.send(Record(topic, b"k%d" % n, b"v%d" % n, headers) for n in range(2_000))
    found = list(read(settings.kafka, [topic]))
    assert {(r.key, r.value) for r in found} == {(b"k%d" % n, b"v%d" % n) for n in range(2_000)}
    assert {r.header("src") for r in found} == {b"clickstream:0:7"}


async def test_nothing_to_send_is_sent_at_once(egress: Egress) -> None:
    await egress.send([])


async def test_a_null_value_is_a_tombstone(settings: Settings, egress: Egress) -> None:
    topic = settings.topics.clean_items.name
    await egress.send([Record(topic, b"gone", None)])
    (found,) = read(settings.kafka, [topic])
    assert (found.key, found.value) == (b"gone", None)


async def test_keys_land_where_any_other_client_puts_them(
    settings: Settings, egress: Egress
) -> None:
    topic = settings.topics.events.name
    keys = [f"user-{n}".encode() for n in range(50)]
    client = producer(settings.kafka)
    for key in keys:
        client.send(topic, key=key, value=b"other")
    client.flush()
    client.close()
    await egress.send(Record(topic, key, b"ours") for key in keys)
    places: dict[bytes | None, set[int]] = {}
    for record in read(settings.kafka, [topic]):
        places.setdefault(record.key, set()).add(record.partition)
    assert all(len(partitions) == 1 for partitions in places.values())


async def test_one_refused_record_fails_the_batch(settings: Settings, egress: Egress) -> None:
    topic = settings.topics.events.name
    too_large = b"x" * (3 * 2**20)
    with pytest.raises(DeliveryFailed):
        await egress.send([Record(topic, b"a", b"fine"), Record(topic, b"b", too_large)])
