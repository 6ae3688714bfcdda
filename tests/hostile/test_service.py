"""All rows mixed into good traffic through the real service: none ends it, and the sums are right.

Beside the rows: what only a broker can carry, a header whose name is no text, batches compressed to
nothing, transactions.
"""

from __future__ import annotations

import random
import signal
import time
from pathlib import Path

from confluent_kafka import Producer

from recaug import kafka
from recaug.audit.bulk import read_range
from recaug.events import Reason
from recaug.kafka import ensure_topics
from recaug.settings import Settings
from tests.hostile.catalogue import CASES
from tests.hostile.row import Fate
from tests.hostile.sent import Maker, Sent
from tests.hostile.service import Account, Place, clean_service, publish, settle

#: Good events for each bad one: bad input is a fifth.
GOOD = 4
PERSONAL = b"jane@example.com"


def mixed(now_ms: int) -> tuple[list[Sent], list[str]]:
    """Records in order, and the case that each is the last record of; `good`: none."""
    sent: list[Sent] = []
    names: list[str] = []
    dice = random.Random(7)
    for tag, case in CASES.items():
        records = case.records(Maker(tag, now_ms))
        if case.settings or any(one.key is None and one.topic == "items" for one in records):
            continue  # the second is refused by the broker already: the topic is compacted
        sent += records
        names += [*["before"] * (len(records) - 1), tag]
        for _ in range(GOOD):
            number = len(sent)
            user = f"good-{dice.randrange(50)}"
            body = Maker(f"good{number}", now_ms - 100 * number).event(
                user_id=user, item_id=f"sku-{dice.randrange(200)}"
            )
            sent.append(body._replace(key=user.encode()))
            names.append("good")
    return sent, names


def bomb(now_ms: int) -> Sent:
    """Ten megabytes that travel as a few kilobytes."""
    return Maker("bomb1", now_ms).value(
        b"{" + b" " * 10_000_000, headers=(("x", b"y" * 1_000_000),)
    )


class NoText(str):
    """A header's name as no client would write it."""

    def encode(self, *_: object) -> bytes:
        return b"\xff\xfe"


def odd_headers(settings: Settings, now_ms: int) -> list[Place]:
    """A good event under such a header, and a null of nobody, which two readers must get over."""
    client = kafka.producer(settings.kafka)
    places = []
    for sent in (Maker("odd1", now_ms).event(), Sent("users", b"\xff\xfe", None)):
        topic = settings.prefix + sent.topic
        future = client.send(topic, sent.value, sent.key, headers=[(NoText("xx"), b"1")])
        placed = future.get(30)
        places.append((placed.topic, placed.partition, placed.offset))
    client.close()
    return places


def transactions(settings: Settings, now_ms: int) -> None:
    """One event committed, one aborted."""
    producer = Producer(
        {"bootstrap.servers": settings.kafka, "transactional.id": f"{settings.prefix}t"}
    )
    producer.init_transactions(60)
    for tag, end in (("txn1", producer.commit_transaction), ("txn2", producer.abort_transaction)):
        producer.begin_transaction()
        sent = Maker(tag, now_ms).event()
        producer.produce(settings.topics.clickstream.name, sent.value, sent.key, partition=0)
        producer.flush(30)
        end(30)


def test_every_row_in_good_traffic(settings: Settings, tmp_path: Path) -> None:
    ensure_topics(settings)
    now_ms, log = int(time.time() * 1000), tmp_path / "clean.log"
    sent, names = mixed(now_ms)
    odd = odd_headers(settings, now_ms)  # before the service starts: it reads all nulls first
    with clean_service(settings, log) as process:
        places = publish(settings, sent)
        large = {"message.max.bytes": 20_000_000, "compression.type": "gzip"}
        (bombed,) = publish(settings, [bomb(now_ms)], **large)
        transactions(settings, now_ms)
        last = publish(
            settings,
            [Maker(f"last{p}", now_ms).event()._replace(partition=p) for p in range(2)],
        )
        settle(settings, process, log)
        assert process.poll() is None, "one process did all of it"
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
    inputs = [topic.name for topic in settings.topics.inputs]
    assert sum(1 for _ in read_range(settings.kafka, {}, kafka.end_offsets(settings.kafka, inputs)))
    account = Account(settings)
    check_sums(account, [*places, bombed, *odd, *last], extra=1)
    for name, place in zip(names, places, strict=True):
        check(name, place, account)
    assert {account.fate(place) for place in last} == {Fate.ACCEPTED}
    assert [account.fate(place) for place in odd] == [Fate.ACCEPTED, Reason.BAD_ENCODING]
    check_bomb(account, bombed)
    check_privacy(account)
    ids = {event.get("event_id") for event in account.events.values()}
    assert "e-txn1" in ids
    assert "e-txn2" not in ids, "aborted"
    assert "'dead_letter': 1" in log.read_text(), "limits that were met are told at the end"


def check(name: str, place: Place, account: Account) -> None:
    if name in ("good", "before"):
        assert account.fate(place) is Fate.ACCEPTED, (name, place)
        return
    case = CASES[name]
    assert account.fate(place) == case.outcome, (name, case.name)
    if account.fate(place) is Fate.ACCEPTED:
        kept = account.events[place]
        assert {field: kept.get(field) for field in case.keeps} == dict(case.keeps), name


def check_sums(account: Account, places: list[Place], extra: int) -> None:
    """Accepted, rejected and duplicates add up to what went in; nothing is written twice."""
    assert {at for at, times in account.written.items() if times != 1} == set()
    fates = [account.fate(place) for place in places]
    rejected = sum(isinstance(fate, Reason) for fate in fates)
    assert len(account.events) == fates.count(Fate.ACCEPTED) + extra
    assert len(account.letters) == rejected
    assert fates.count(Fate.DUPLICATE) == sum(
        case.outcome is Fate.DUPLICATE for case in CASES.values()
    )


def check_bomb(account: Account, place: Place) -> None:
    letter = account.letters[place]
    assert account.fate(place) is Reason.TOO_LARGE
    assert letter.value == b"{" + b" " * 4_095
    assert (letter.header("__streams.errors.cut") or b"").startswith(b"bytes=10000001 sha256=")
    assert letter.header("x") is None


def check_privacy(account: Account) -> None:
    """No dead letter holds the address that it was refused for."""
    for letter in account.letters.values():
        told = [letter.key, letter.value, *(value for _, value in letter.headers)]
        assert not any(PERSONAL in (part or b"") for part in told)
