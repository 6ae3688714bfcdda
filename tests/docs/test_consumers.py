"""The longer programs of `docs/clients/consumers.md`: lists in Redis, lists to a webhook."""

from __future__ import annotations

import ast
import re
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from inspect import signature
from pathlib import Path
from typing import Any

import orjson
import pytest
import redis

from recaug import Consumer
from recaug.events import recommendation_id
from recaug.kafka import admin, ensure_topics, lag
from recaug.producer import Producer
from recaug.settings import Settings
from tests.docs.page import CLIENTS
from tests.docs.programs import PYTHON, Program, running, said
from tests.recaug.lists import HOUR_S, answer, publish

KEEPER = Program("consumers.md", "current_lists.py", PYTHON)
POSTER = Program("consumers.md", "webhook.py", PYTHON)


@pytest.fixture
def lists(settings: Settings) -> Settings:
    """Lists in one partition, so that a later one is told later."""
    settings = settings.model_copy(update={"partitions": 1})
    ensure_topics(settings)
    return settings


@contextmanager
def started(
    program: Program, directory: Path, settings: Settings, **more: str
) -> Iterator[subprocess.Popen[str]]:
    """The program; at the end it is told to stop, has done so in order, and left nothing behind."""
    environment = {"RECAUG_PREFIX": settings.prefix, **more}
    with running(program, directory, settings.kafka, **environment) as process:
        yield process
        process.send_signal(signal.SIGTERM)
        assert process.wait() == 0, said(directory)


def until(true: Callable[[], bool], directory: Path) -> None:
    deadline = time.monotonic() + 60.0
    while not true():
        assert time.monotonic() < deadline, said(directory)
        time.sleep(0.05)


def left(settings: Settings, group: str) -> int:
    with admin(settings.kafka) as client:
        return sum(lag(client, group, [settings.topics.recommendations.name]).values())


@pytest.fixture
def store(redis_url: str) -> Iterator[Any]:
    """A Redis whose lists are this test's alone; the users are no other test's."""
    with redis.Redis.from_url(redis_url) as client:
        yield client
        client.delete(*client.keys("list:*") or ["-"])


def test_redis_holds_the_newest_list_of_each_user_until_it_expires(
    lists: Settings, redis_url: str, store: Any, tmp_path: Path
) -> None:
    now_ms = time.time_ns() // 1_000_000
    publish(
        lists,
        answer("u1", "e1", ["a"], made_ms=now_ms - 2_000),
        answer("u1", "e2", ["b"], made_ms=now_ms - 1_000),
        answer("u1", "e0", ["z"], made_ms=now_ms - 3_000),  # told again after a crash, say
        answer("u2", "e3", ["c"], lives_s=-60),
        answer("u3", "e4", ["d"]),
    )
    with started(KEEPER, tmp_path, lists, LISTS_REDIS=redis_url):
        until(lambda: bool(store.exists("list:u3")), tmp_path)
        held = orjson.loads(store.hget("list:u1", "list"))
        assert [item["item_id"] for item in held["items"]] == ["b"]
        assert held["recommendation_id"] == recommendation_id("e2")
        assert 0 < store.pttl("list:u1") <= HOUR_S * 1_000
        assert not store.exists("list:u2")
        with Producer(lists.kafka, lists.prefix) as producer:
            producer.send(None, lists.topics.clean_users, "u1")
        until(lambda: not store.exists("list:u1"), tmp_path)
        assert store.exists("list:u3")
    assert left(lists, "shop-redis") == 0


class Receiver(ThreadingHTTPServer):
    """Answers with the codes it was given, in turn; 0 hangs up. Notes what was posted."""

    def __init__(self, codes: list[int]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.codes = codes
        self.posted: list[tuple[str, dict[str, Any], int]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/lists"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A hang-up is no error of ours."""


class _Handler(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        code = self.server.codes.pop(0)
        key = self.headers["Idempotency-Key"]
        self.server.posted.append((key, orjson.loads(body), code))
        if code == 0:
            self.close_connection = True
            return
        self.send_response(code)
        if code == 429:
            self.send_header("Retry-After", "0")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *arguments: Any) -> None:
        """Say nothing."""


@contextmanager
def receiver(*codes: int) -> Iterator[Receiver]:
    with Receiver(list(codes)) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


def test_a_webhook_gets_every_list_in_order_however_it_answers(
    lists: Settings, tmp_path: Path
) -> None:
    names = ["e1", "e2", "e3"]
    publish(lists, answer("u0", "old", lives_s=-60))
    publish(lists, *(answer(f"u{name}", name, ["a", "b"]) for name in names))
    codes = (503, 0, 429, 200, 400, 202)
    with receiver(*codes) as server:
        with started(POSTER, tmp_path, lists, WEBHOOK=server.url) as process:
            assert process.stdout is not None
            told = [process.stdout.readline().split(maxsplit=1) for _ in names]
            until(lambda: left(lists, "shop-webhook") == 0, tmp_path)
        first, second, third = (recommendation_id(name) for name in names)
    # The first until it was taken, and only then the second, which is refused for good.
    expected = zip((first, first, first, first, second, third), codes, strict=True)
    assert [(key, code) for key, _, code in server.posted] == list(expected)
    assert told == [
        [first, "taken: 200\n"], [second, "refused: 400\n"], [third, "taken: 202\n"],
    ]  # fmt: skip
    for key, body, _ in server.posted:
        assert body["recommendation_id"] == key
        assert [item["item_id"] for item in body["items"]] == ["a", "b"]


def test_the_headers_on_the_page_are_those_of_a_list() -> None:
    text = (CLIENTS / "consumers.md").read_text()
    rows = re.findall(r"^\| (`[^|]+`) \|", text.partition("| key, header |")[2], re.MULTILINE)
    told = {name for row in rows for name in re.findall(r"`([\w-]+)`", row)}
    assert told == {name for name, _ in answer("u1", "e1").headers}


def test_the_filters_on_the_page_are_those_of_the_consumer() -> None:
    text = (CLIENTS / "consumers.md").read_text()
    (block,) = re.findall(r"^```python\n(Consumer\(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    calls = [one.value for one in ast.parse(block).body if isinstance(one, ast.Expr)]
    filters = set()
    for call in calls:
        assert isinstance(call, ast.Call)
        names = {word.arg: None for word in call.keywords}
        signature(Consumer).bind(*call.args, **names)  # type: ignore[arg-type]
        filters |= set(names)
    assert filters == {"users", "events", "models", "where"}
