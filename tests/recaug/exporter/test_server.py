"""The exporter on the real broker: what it serves, with the broker and without it."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Callable

import orjson
import pytest

from recaug.exporter.families import FAMILIES
from recaug.kafka import ensure_topics, producer
from recaug.prequential.exposition import FAMILIES as QUALITY
from recaug.settings import Settings
from tests.recaug.exporter.serving import exporting, until
from tests.recaug.exporter.strict import Page, parse
from tests.recaug.page.records import answer, click
from tests.recaug.page.web import Client

LAG, FRESHNESS = "kafka_consumergroup_group_lag", "recaug_event_to_recommendation_seconds"
KNOWN = {family.name for family in (*FAMILIES, *QUALITY.values())}


def test_a_page_is_valid_and_holds_what_the_broker_holds(settings: Settings) -> None:
    ensure_topics(settings)
    clicks, lists = settings.topics.clickstream.name, settings.topics.recommendations.name
    with exporting(settings) as client:
        until(client, "/readyz", 200)
        time.sleep(2.0)
        outside = producer(settings.kafka, linger_ms=0)
        event = click("u", "e1", "i").value
        outside.send(clicks, key=b"u", value=event, partition=1).get(10)
        outside.send(lists, key=b"u", value=orjson.dumps(answer("e1", "i")), partition=1).get(10)
        outside.close()
        page = wait_for(client, lambda page: sum(page.of(LAG).values()) == 1)
        page = wait_for(client, lambda page: page.at(f"{FRESHNESS}_count") == 1)
        reply = client.get("/metrics")
    assert reply.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert page.kinds.keys() <= KNOWN
    group = {"cluster_name": "c", "group": settings.group("clean")}
    assert page.at("recaug_kafka_up") == 1
    lag = {**group, "topic": clicks, "partition": "1"}
    assert page.at(LAG, **lag) == 1
    assert page.at("recaug_group_verdict", **group, topic=clicks, verdict="STOP") == 1
    assert page.at("recaug_records_total", kind="events") == 1
    check = shutil.which("promtool")
    if check:
        done = subprocess.run([check, "check", "metrics"], input=reply.body, capture_output=True)
        assert done.returncode == 0, done.stderr


def wait_for(client: Client, wanted: Callable[[Page], bool]) -> Page:
    deadline = time.monotonic() + 40
    while not wanted(page := parse(client.get("/metrics").body.decode())):
        assert time.monotonic() < deadline
        time.sleep(0.2)
    return page


def test_without_a_broker_a_scrape_says_so_at_once() -> None:
    with exporting(Settings(kafka="127.0.0.1:1")) as client:
        page = parse(client.get("/metrics").body.decode())
        assert client.get("/readyz").status == 503
        assert client.get("/healthz").status == 200
        assert client.get("/version").json() == {"version": "1.2.3"}
    assert page.at("recaug_kafka_up") == 0
    assert not any(name.startswith("kafka_") for name in page.kinds)


@pytest.mark.parametrize(("host", "status"), [("exporter", 200), ("evil.example", 421)])
def test_it_answers_to_its_names_only(host: str, status: int) -> None:
    with exporting(Settings(kafka="127.0.0.1:1"), "exporter") as client:
        assert client.get("/metrics", Host=f"{host}:9308").status == status
