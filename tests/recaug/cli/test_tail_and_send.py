"""`recaug send` and `recaug tail` on a real broker; the part of the services is played here."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from kafka import KafkaProducer

from recaug.events import Reason, Rejection, dead_letter_headers
from recaug.follow import Follower
from recaug.kafka import Record, ensure_topics, producer, read
from recaug.settings import Settings
from tests.recaug.cli.shell import Shell
from tests.recaug.page.records import answer

Reply = Callable[[Record, KafkaProducer], Any]


@contextmanager
def services(settings: Settings, reply: Reply) -> Iterator[None]:
    """Give `reply` every click that is published, until the block is left."""
    stop = threading.Event()
    follower = Follower(settings.kafka, [settings.topics.clickstream.name])
    client = producer(settings.kafka, linger_ms=0)

    def run() -> None:
        while not stop.is_set():
            for record in follower.records(0.2):
                reply(record, client)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
        client.close()
        follower.__exit__(None, None, None)


@pytest.fixture(autouse=True)
def topics(settings: Settings) -> None:
    ensure_topics(settings)


def recommend(settings: Settings) -> Reply:
    def reply(record: Record, client: KafkaProducer) -> None:
        event = json.loads(record.value or b"")
        message = answer(event["event_id"], "i7", because="i1")
        topic = settings.topics.recommendations.name
        client.send(topic, key=record.key, value=json.dumps(message).encode()).get(10)

    return reply


def refuse(settings: Settings) -> Reply:
    def reply(record: Record, client: KafkaProducer) -> None:
        refused = Rejection(Reason.USER_FLOOD, "too many events of user you: send fewer")
        place = (record.topic, record.partition, record.offset)
        headers = dead_letter_headers(refused, *place, record.headers)
        topic = settings.topics.dead_letters.name
        client.send(topic, key=record.key, value=record.value, headers=headers).get(10)

    return reply


def test_send_prints_the_answer_to_the_event_it_sent(shell: Shell) -> None:
    with services(shell.settings, recommend(shell.settings)):
        done = shell.run("send", "click", "--user", "you", "--item", "i1", "--wait", "30")
    assert done.code == 0, done.err
    (found,) = done.lines()
    (record,) = read(shell.settings.kafka, [shell.settings.topics.clickstream.name])
    event = json.loads(record.value or b"")
    assert found["source_event"]["event_id"] == event["event_id"]
    assert (record.key, event["event"], event["item_id"]) == (b"you", "click", "i1")
    place = f"{record.topic} {record.partition}:{record.offset}"
    assert done.err.strip() == f"sent  {place}"


def test_send_says_why_an_event_was_refused(shell: Shell) -> None:
    with services(shell.settings, refuse(shell.settings)):
        done = shell.run("send", "click", "--item", "i1", "--wait", "30")
    assert done.code == 2
    assert "the event was refused: user_flood" in done.err
    assert "too many events of user you: send fewer" in done.err


def test_send_gives_up_in_time_and_says_where_to_look(shell: Shell) -> None:
    done = shell.run("send", "click", "--item", "i1", "--wait", "0.3")
    assert done.code == 2
    assert "no recommendation in 0.3 s" in done.err
    assert "recaug lag" in done.err


def test_what_the_services_would_refuse_is_never_published(shell: Shell) -> None:
    done = shell.run("send", "clik", "--item", "i1")
    assert done.code == 2
    assert "Did you mean 'click'?" in done.err
    assert list(read(shell.settings.kafka, [shell.settings.topics.clickstream.name])) == []


def test_every_kind_can_be_sent_from_the_command_line(shell: Shell) -> None:
    sent = {
        "view": ["--item", "i1"],
        "search": ["--term", "trail shoes"],
        "like": ["--item", "i1"],
        "comment": ["--item", "i1", "--json", '{"text": "nice"}'],
        "add_to_cart": ["--item", "i1"],
        "purchase": ["--item", "i1", "--json", '{"value": 80, "currency": "EUR"}'],
    }
    for event, options in sent.items():
        done = shell.run("send", event, *options, "--wait", "0")
        assert done.code == 0, done.err
    topics = [topic.name for topic in shell.settings.topics.behaviour]
    found = {json.loads(one.value or b"")["event"] for one in read(shell.settings.kafka, topics)}
    assert found == set(sent)


def test_an_event_that_gets_no_answer_is_not_waited_for(shell: Shell) -> None:
    options = ["--item", "i1", "--json", '{"item_list_id": "home"}', "--wait", "600"]
    done = shell.run("send", "impression", *options)
    assert done.code == 0, done.err
    assert "no recommendation follows impression" in done.err


@pytest.mark.parametrize("text", ["{", "[1]"])
def test_fields_that_are_no_object_are_wrong_usage(shell: Shell, text: str) -> None:
    assert shell.run("send", "click", "--json", text).code == 64


def publish(settings: Settings, *pairs: tuple[str, str]) -> None:
    client = producer(settings.kafka, linger_ms=0)
    for user, event_id in pairs:
        value = json.dumps(answer(event_id, "i7", "i8", because="i1")).encode()
        client.send(settings.topics.recommendations.name, key=user.encode(), value=value).get(10)
    client.close()


def test_tail_shows_only_the_user_who_is_asked_for(shell: Shell) -> None:
    publish(shell.settings, ("u-1", "e1"), ("you", "e2"), ("u-1", "e3"), ("you", "e4"))
    done = shell.run("tail", "--user", "you", "--since", "1h", "-n", "2", "-f", "jsonl")
    assert done.code == 0
    assert [one["source_event"]["event_id"] for one in done.lines()] == ["e2", "e4"]


def test_tail_is_one_line_a_recommendation(shell: Shell) -> None:
    publish(shell.settings, ("you", "e1"))
    done = shell.run("tail", "--since", "1h", "-n", "1")
    (line,) = done.out.splitlines()
    assert "you" in line
    assert "→ i7 1.00 (similar_to_recent_click i1), i8 0.90 (similar_to_recent_click i1)" in line
    assert line.endswith("v1")


def test_tail_refuses_a_time_it_cannot_read(shell: Shell) -> None:
    done = shell.run("tail", "--since", "yesterday")
    assert done.code == 64
    assert "write 90, 90s, 5m" in done.err


def test_no_topics_is_said_in_words(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RECAUG_PREFIX", "nobody.")
    done = shell.run("tail", "-n", "1")
    assert done.code == 2
    assert "topic nobody.recommendations is not there" in done.err
