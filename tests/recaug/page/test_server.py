"""The page's server on the real broker: what it serves, what it refuses, what it publishes."""

from __future__ import annotations

import json
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from kafka import KafkaProducer

from recaug.kafka import Record, end_offsets, ensure_topics, producer, read
from recaug.page.server import STATIC, Page
from recaug.settings import Settings
from tests.recaug.page.records import answer
from tests.recaug.page.web import Client, serving

YOU = {"user": "you-abc123", "event_id": "web-00000001"}


@pytest.fixture
def page(settings: Settings) -> Iterator[Page]:
    ensure_topics(settings)
    yield Page(settings)


@pytest.fixture
def client(page: Page) -> Iterator[Client]:
    with serving(page) as client:
        yield client


@pytest.fixture
def outside(settings: Settings) -> Iterator[KafkaProducer]:
    """A producer that is no part of the page."""
    client = producer(settings.kafka, linger_ms=0)
    yield client
    client.close()


@contextmanager
def news(page: Page) -> Iterator[Any]:
    """Look at the board until a section is as it should be."""

    def wait_for(section: str, wanted: Any, within_s: float = 20.0) -> Any:
        deadline = time.monotonic() + within_s
        while time.monotonic() < deadline:
            value = page.feed.board.news({}).get(section)
            if value is not None and wanted(value):
                return value
            time.sleep(0.05)
        raise AssertionError(f"{section} is {page.feed.board.news({}).get(section)}")

    yield wait_for


def published(settings: Settings, topic: str) -> list[Record]:
    assert sum(end_offsets(settings.kafka, [topic]).values()) > 0
    return list(read(settings.kafka, [topic]))


def test_everything_the_page_loads_is_its_own(client: Client) -> None:
    shown = client.get("/")
    assert shown.status == 200
    assert b"http://" not in shown.body and b"https://" not in shown.body
    assert "default-src 'self'" in shown.headers["content-security-policy"]
    for path in sorted(STATIC.iterdir()):
        assert client.get(f"/static/{path.name}").status == 200


def test_a_gesture_is_an_event_on_its_topic_under_its_users_key(
    client: Client, settings: Settings
) -> None:
    gestures: dict[str, dict[str, Any]] = {
        settings.topics.clickstream.name: {"event": "click", "item_id": "sku-1", "index": 2},
        settings.topics.searches.name: {"event": "search", "search_term": "tent"},
        settings.topics.social.name: {"event": "like", "target_type": "item", "target_id": "sku-1"},
    }
    for topic, gesture in gestures.items():
        reply = client.post(json.dumps({**YOU, **gesture}).encode(), Origin=client.address)
        assert reply.status == 202, reply.body
        (record,) = published(settings, topic)
        assert record.key == b"you-abc123"
        assert json.loads(record.value or b"") == reply.json()["event"]
        place = (reply.json()["partition"], reply.json()["offset"])
        assert (record.partition, record.offset) == place


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (b"not json", {}, 422),
        (json.dumps({**YOU, "event": "purchase"}).encode(), {}, 422),
        (json.dumps({**YOU, "event": "click", "item_id": "x" * 5_000}).encode(), {}, 413),
        (
            json.dumps({**YOU, "event": "click", "item_id": "i"}).encode(),
            {"origin": "http://elsewhere.example"},
            403,
        ),
    ],
)
def test_what_is_no_gesture_of_this_page_is_refused(
    client: Client, settings: Settings, body: bytes, headers: dict[str, str], status: int
) -> None:
    reply = client.post(body, **headers)
    assert reply.status == status
    assert reply.json()["error"]
    assert sum(end_offsets(settings.kafka, [settings.topics.clickstream.name]).values()) == 0


def test_item_documents_are_the_shop(
    client: Client, page: Page, settings: Settings, outside: KafkaProducer
) -> None:
    topic = settings.topics.clean_items.name
    for item, name in (("i1", "Frost <b>Tent</b>"), ("i2", "Elm Stove"), ("i3", "Gone")):
        outside.send(topic, key=item.encode(), value=json.dumps({"name": name}).encode())
    outside.send(topic, key=b"i3", value=None)
    outside.flush()
    with news(page) as wait_for:
        wait_for("catalogue", lambda section: section == {"version": 4, "items": 2})
    reply = client.get("/api/items").json()
    assert (reply["total"], reply["version"]) == (2, 4)
    assert {card["id"]: card["title"] for card in reply["items"]} == {
        "i1": "Frost <b>Tent</b>",
        "i2": "Elm Stove",
    }


def test_a_pair_is_given_whole_with_its_event_to_copy_until_it_is_too_old(
    client: Client, page: Page, settings: Settings, outside: KafkaProducer
) -> None:
    topics, made = settings.topics, answer("e1", "i1")
    liked = {
        "event": "like", "event_id": "e1", "timestamp": 1_764_000_000_000, "user_id": "u-1",
        "target_type": "item", "target_id": "i7", "value": 1, "undo": False,
    }  # fmt: skip
    outside.send(topics.events.name, key=b"u-1", value=json.dumps(liked).encode())
    outside.send(topics.recommendations.name, key=b"u-1", value=json.dumps(made).encode())
    outside.flush()
    with news(page) as wait_for:
        wait_for("pairs", lambda section: section and section[0]["id"] == "e1")
    found = client.get("/api/pair?event_id=e1").json()
    assert (found["event"], found["answer"]) == (liked, made)
    assert f"-t {topics.social.name} -k u-1" in found["copies"]["kcat"]
    assert settings.kafka in found["copies"]["python"]
    for unknown in ("/api/pair?event_id=e2", "/api/pair"):
        assert client.get(unknown).status == 404


def test_health_follows_the_broker(client: Client, page: Page) -> None:
    with news(page) as wait_for:
        wait_for("kafka", lambda section: section["up"])
    assert client.get("/healthz").status == 200
    with serving(Page(Settings(kafka="127.0.0.1:1"))) as alone:
        assert alone.get("/healthz").status == 503
        assert alone.get("/").status == 200


def test_lag_and_records_reach_the_board(
    page: Page, settings: Settings, client: Client, outside: KafkaProducer
) -> None:
    with news(page) as wait_for:
        wait_for("kafka", lambda section: section["up"])
        wait_for("now", lambda section: True)
        time.sleep(1.0)
        topics = settings.topics
        for number in range(5):
            message = json.dumps(answer(f"e{number}", "i1")).encode()
            outside.send(topics.recommendations.name, key=b"u-1", value=message)
        outside.flush()
        wait_for("points", lambda section: sum(section["recommendations"]) == 5)
        wait_for("pairs", lambda section: section and section[0]["user"] == "u-1")
        rows = wait_for("lag", lambda section: section)
    assert {row["verdict"] for row in rows} == {"STOP"}
    assert rows[0]["group"] == settings.group("clean")


def test_a_topic_that_appears_later_is_read_from_then_on(
    settings: Settings, outside: KafkaProducer
) -> None:
    page = Page(settings)
    with serving(page), news(page) as wait_for:
        wait_for("kafka", lambda section: section["up"])
        ensure_topics(settings)
        topic = settings.topics.clean_items.name
        outside.send(topic, key=b"i1", value=b'{"name": "Elm Stove"}')
        outside.flush()
        wait_for("catalogue", lambda section: section["items"] == 1)


def test_a_strange_record_does_not_end_the_view(
    page: Page, client: Client, settings: Settings, outside: KafkaProducer
) -> None:
    with news(page) as wait_for:
        wait_for("kafka", lambda section: section["up"])
        for value in (b'{"items": 5, "source_event": 1}', b'{"items": [1], "model": 2}', b"{}"):
            outside.send(settings.topics.recommendations.name, key=b"you-abcdef", value=value)
            outside.send(settings.topics.models.name, key=b"main/x", value=value)
        good = json.dumps(answer("e1", "i1")).encode()
        outside.send(settings.topics.recommendations.name, key=b"you-abcdef", value=good)
        outside.flush()
        wait_for("pairs", lambda section: section and section[0]["titles"] == ["i1"])


def test_a_window_gets_the_whole_state_and_then_its_list_at_once(
    page: Page, client: Client, settings: Settings, outside: KafkaProducer
) -> None:
    with news(page) as wait_for:
        wait_for("kafka", lambda section: section["up"])
        wait_for("dead", lambda section: True)
    path = client.address + "/stream?user=you-abcdef"
    with urllib.request.urlopen(path, timeout=20) as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        name, state = message(stream)
        assert name == "state"
        assert {"kafka", "now", "models", "dead"} <= set(state)
        good = json.dumps(answer("e1", "i1")).encode()
        outside.send(settings.topics.recommendations.name, key=b"you-abcdef", value=good)
        outside.flush()
        while name != "list":
            name, state = message(stream)
        assert [item["id"] for item in state["items"]] == ["i1"]


def message(stream: Any) -> tuple[str, Any]:
    """The next server-sent event: its name and its data."""
    name = ""
    for line in stream:
        if line.startswith(b"event: "):
            name = line[7:].decode().strip()
        elif line.startswith(b"data: "):
            return name, json.loads(line[6:])
    raise AssertionError("the stream ended")
