"""`recaug dlq`: what was refused is listed, shown, mended, sent again and dropped, on a broker."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from kafka import KafkaProducer

from recaug.audit import audit, begin
from recaug.clean import Accepted, Cleaner, RawRecord, Rejected
from recaug.deadletters.marks import HANDLED
from recaug.events import Reason, Rejection, dead_letter
from recaug.kafka import Record, end_offsets, ensure_topics, producer, read
from tests.recaug.cli.shell import Shell


class Stage:
    """Producers and clean, by hand: `clean` judges what came since, as the service would."""

    def __init__(self, shell: Shell, client: KafkaProducer) -> None:
        self.shell, self.client, self.topics = shell, client, shell.settings.topics
        self._cleaner = Cleaner(shell.settings)
        self._from = end_offsets(shell.settings.kafka, [t.name for t in self.topics.inputs])

    def publish(self, user: str = "u1", key: bytes | None = None, **fields: Any) -> str:
        """Send a click with these fields; a None leaves one out. Returns its place."""
        now = time.time_ns() // 1_000_000
        event = {
            "event": "click", "event_id": uuid.uuid4().hex, "timestamp": now, "user_id": user,
            "item_id": "i", **fields,
        }  # fmt: skip
        event = {name: value for name, value in event.items() if value is not None}
        return self.raw(json.dumps(event).encode(), key or user.encode())

    def raw(self, value: bytes | None, key: bytes = b"u1", topic: str | None = None) -> str:
        name = topic or self.topics.clickstream.name
        sent = self.client.send(name, value, key=key, headers=[("app", b"shop")]).get(10)
        return f"{sent.topic}:{sent.partition}:{sent.offset}"

    def clean(self) -> list[Record]:
        """Judge what came since the last time; return those records."""
        kafka, names = self.shell.settings.kafka, [t.name for t in self.topics.inputs]
        until = end_offsets(kafka, names)
        records = list(read(kafka, names, self._from, until))
        self._from = until
        for record in records:
            self._judge(record)
        self.client.flush()
        return records

    def _judge(self, record: Record) -> None:
        raw = RawRecord(
            record.topic, record.partition, record.offset, record.key, record.value,
            record.headers, record.timestamp_ms,
        )  # fmt: skip
        (outcome,) = self._cleaner.clean([raw], record.timestamp_ms)
        if isinstance(outcome, Accepted):
            _, topic, key, value, headers = outcome
            self.client.send(topic.name, value, key=key, headers=headers)
        elif isinstance(outcome, Rejected):
            why = Rejection(outcome.reason, outcome.message)
            place = record.topic, record.partition, record.offset
            one = dead_letter(why, place, record.key, record.value, record.headers)
            self.client.send(
                self.topics.dead_letters.name, one.value, key=one.key, headers=one.headers
            )

    def shown(self, *options: str) -> dict[str, dict[str, Any]]:
        done = self.shell.run("dlq", "show", "-n", "100", "-f", "json", *options)
        return {letter["letter"]: letter for letter in done.lines()}


@pytest.fixture
def stage(shell: Shell) -> Iterator[Stage]:
    ensure_topics(shell.settings)
    client = producer(shell.settings.kafka, linger_ms=0)
    yield Stage(shell, client)
    client.close()


def test_each_letter_says_which_field_why_and_what_to_type(stage: Stage) -> None:
    missing = stage.publish(item_id=None)
    broken = stage.raw(b"\xff{")
    stage.clean()
    shown = stage.shown()
    assert set(shown) == {missing, broken}
    assert (shown[missing]["reason"], shown[missing]["field"]) == ("missing_field", "item_id")
    assert shown[missing]["mend"] == f"recaug dlq retry {missing} --set item_id=VALUE"
    assert shown[broken]["field"] is None
    assert shown[broken]["value"] == "\ufffd{"
    text = stage.shell.run("dlq", "show", missing).out
    assert f"{missing}  missing_field  field item_id  key u1" in text
    assert f"→ recaug dlq retry {missing} --set item_id=VALUE" in text


def test_the_newest_come_last_and_one_reason_can_be_had_alone(stage: Stage) -> None:
    names = []
    for number in range(4):
        names.append(stage.raw(b"\xff{" + str(number).encode(), f"u{number}".encode()))
        stage.clean()
    stage.publish(item_id=None)
    stage.clean()
    done = stage.shell.run("dlq", "show", "--reason", "bad_encoding", "-n", "2", "-f", "json")
    assert [letter["letter"] for letter in done.lines()] == names[2:]
    assert "2 of 5 dead letters  bad_encoding 4, missing_field 1" in done.err


def test_a_mended_letter_is_accepted_and_listed_as_open_no_more(stage: Stage) -> None:
    since = begin(stage.shell.settings)
    good, missing = stage.publish(event_id="a"), stage.publish(event_id="b", item_id=None)
    stage.clean()
    done = stage.shell.run("dlq", "retry", missing, "--set", "item_id=sku-1")
    assert done.code == 0, done.err
    old, _, new = done.out.strip().partition("  → ")
    assert old == missing
    assert new.rsplit(":", 1)[0] == missing.rsplit(":", 1)[0], "the partition it was in"
    (again,) = stage.clean()
    assert (again.key, again.header("app")) == (b"u1", b"shop")
    assert again.header("__streams.errors.count") == b"1"
    kept = list(read(stage.shell.settings.kafka, [stage.topics.events.name]))
    assert {record.header("src") for record in kept} == {good.encode(), new.encode()}
    assert stage.shown() == {}
    (row,) = stage.shell.run("dlq", "list", "-f", "jsonl").lines()
    assert (row["reason"], row["open"], row["retried"]) == ("missing_field", 0, 1)
    assert stage.shown("--all")[missing]["state"] == "retried"

    second = stage.shell.run("dlq", "retry", missing, "--set", "item_id=sku-1")
    assert second.code == 1
    assert "it was retried already" in second.err
    assert stage.clean() == [], "it is not sent a second time"

    report = audit(stage.shell.settings, since, drained=True)
    assert (report.events.published, report.events.accepted) == (3, 2)
    assert report.events.rejected == {"missing_field": 1}
    assert (report.events.missing, report.events.duplicates) == (0, 0)


def test_what_would_be_refused_again_is_not_sent(stage: Stage) -> None:
    missing = stage.publish(item_id=None)
    stage.clean()
    done = stage.shell.run("dlq", "retry", missing)
    assert done.code == 1
    assert "it would be refused again: missing_field: item_id is missing" in done.err
    assert stage.clean() == []
    assert set(stage.shown()) == {missing}


def test_who_was_erased_is_not_brought_back(stage: Stage) -> None:
    missing = stage.publish(item_id=None)
    stage.clean()
    stage.raw(None, b"u1", stage.topics.users.name)
    stage.clean()
    done = stage.shell.run("dlq", "retry", missing, "--set", "item_id=i")
    assert done.code == 1
    assert "its user was erased since" in done.err
    assert stage.clean() == []


def test_nothing_goes_round_for_ever(stage: Stage) -> None:
    """A flood is refused for what is around it, which no check foresees: three times, no more."""
    name = stage.publish()
    where = name.rsplit(":", 2)
    headers: list[tuple[str, bytes]] = []
    for count in range(1, 5):
        place = where[0], int(where[1]), int(where[2])
        (record,) = read(
            stage.shell.settings.kafka, [where[0]], {place[:2]: place[2]}, {place[:2]: place[2] + 1}
        )
        headers = [*record.headers]
        why = Rejection(Reason.USER_FLOOD, "User 'u1' had more than 1 events.")
        letter = dead_letter(why, place, record.key, record.value, headers)
        stage.client.send(
            stage.topics.dead_letters.name, letter.value, key=letter.key, headers=letter.headers
        ).get(10)
        assert stage.shown()[":".join(where)]["count"] == count
        done = stage.shell.run("dlq", "retry", ":".join(where))
        assert done.code == (0 if count < 4 else 1)
        if count < 4:
            where = done.out.strip().partition("  → ")[2].rsplit(":", 2)
    assert "it was sent again 3 times and refused each time" in done.err
    assert stage.shown()[":".join(where)]["mend"] == f"recaug dlq drop {':'.join(where)}"
    clicks = read(stage.shell.settings.kafka, [stage.topics.clickstream.name])
    counts = [record.header("__streams.errors.count") for record in clicks]
    assert counts == [None, b"1", b"2", b"3"]


def test_a_whole_value_from_a_file_and_the_bytes_as_they_were(stage: Stage, tmp_path: Path) -> None:
    broken = stage.raw(b'\xff{"event": "click"')
    stage.clean()
    mended = tmp_path / "event.json"
    mended.write_text(
        '{"event":"click","event_id":"e","user_id":"u1","item_id":"i","timestamp":1764000000}'
    )
    planned = stage.shell.run("dlq", "retry", broken, "--from", str(mended), "--dry-run")
    assert (planned.code, stage.clean()) == (0, [])
    assert stage.shell.run("dlq", "retry", broken, "--from", str(mended)).code == 0
    (again,) = stage.clean()
    assert again.value == mended.read_bytes()


def test_a_document_with_the_wrong_key_gets_the_right_one(stage: Stage) -> None:
    document = b'{"item_id": "sku-1", "name": "boots", "timestamp": 1764000000000}'
    wrong = stage.raw(document, b"sku-2", stage.topics.items.name)
    stage.clean()
    assert stage.shown()[wrong]["reason"] == "key_mismatch"
    refused = stage.shell.run("dlq", "retry", wrong)
    assert "--key sku-1" in refused.err
    assert stage.shell.run("dlq", "retry", wrong, "--key", "sku-1").code == 0
    stage.clean()
    kept = list(read(stage.shell.settings.kafka, [stage.topics.clean_items.name]))
    assert [record.key for record in kept] == [b"sku-1"]


def test_dropped_letters_are_done_with_and_stay_in_the_topic(stage: Stage) -> None:
    names = [stage.raw(b"{", f"u{n}".encode()) for n in range(3)]
    stage.clean()
    planned = stage.shell.run("dlq", "drop", "--reason", "bad_json", "--dry-run")
    assert sorted(planned.out.split()) == sorted(names)
    assert len(stage.shown()) == 3
    unasked = stage.shell.run("dlq", "drop", "--reason", "bad_json")
    assert (unasked.code, len(stage.shown())) == (64, 3), "nobody was there to be asked"
    dropped = stage.shell.run("dlq", "drop", "--reason", "bad_json", "-n", "2", "--yes")
    assert len(dropped.out.split()) == 2
    assert set(stage.shown()) == set(names) - set(dropped.out.split())
    kept = list(read(stage.shell.settings.kafka, [stage.topics.dead_letters.name]))
    marks = [record for record in kept if record.header(HANDLED) is not None]
    assert len(kept) == 5
    assert [(mark.key, mark.value, mark.header(HANDLED)) for mark in marks] == [
        (None, b"", b"dropped")
    ] * 2
    assert "2 of 3" not in stage.shell.run("dlq", "list").err
    assert "1 of 3 dead letters are open" in stage.shell.run("dlq", "list").err


def test_what_was_too_large_to_keep_is_said(stage: Stage) -> None:
    large = b"x" * 2_000_000
    one = dead_letter(Rejection(Reason.TOO_LARGE, "cut it"), ("clickstream", 0, 1), b"u", large, ())
    topic = stage.topics.dead_letters.name
    stage.client.send(topic, key=one.key, value=one.value, headers=one.headers).get(10)
    assert "not kept: bytes=2000000 sha256=" in stage.shell.run("dlq", "show").out


def test_none_is_no_error(stage: Stage) -> None:
    done = stage.shell.run("dlq", "show")
    assert (done.code, done.out, done.err.strip()) == (0, "", "0 of 0 dead letters")


@pytest.mark.parametrize(
    ("arguments", "code", "why"),
    [
        (["show", "clickstream:9:9"], 2, "there is no dead letter clickstream:9:9"),
        (["retry"], 64, "no dead letter is chosen"),
        (["retry", "--reason", "bot", "--from", "x"], 64, "--from mends one letter"),
        (["show", "--raw"], 64, "--raw shows one letter"),
    ],
)
def test_what_cannot_be_done_is_three_lines(
    stage: Stage, arguments: list[str], code: int, why: str
) -> None:
    done = stage.shell.run("dlq", *arguments)
    assert done.code == code
    assert [line[:7] for line in done.err.splitlines()] == ["error: ", "why:   ", "try:   "]
    assert why in done.err
