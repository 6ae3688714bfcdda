"""Two real services on a real broker: one click followed through both, and what they say of it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import orjson
import pytest

from recaug import worker_metrics as m
from recaug.kafka import Record, ensure_topics, producer, read
from recaug.pulse import Pulse
from recaug.settings import Settings
from tests.streams.collector import Collector, Kept

ROOT = Path(__file__).parents[2]
TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
SAMPLED = f"00-{TRACE}-{SPAN}-01".encode()
UNSAMPLED = f"00-{'ab' * 16}-{'cd' * 8}-00".encode()


def until(condition: Callable[[], Any], patience_s: float = 240.0) -> Any:
    deadline = time.monotonic() + patience_s
    while not (found := condition()):
        assert time.monotonic() < deadline, "it did not come about in time"
        time.sleep(0.1)
    return found


class Service:
    """A service in a process of its own; its log is one file, as under `recaug up`."""

    def __init__(self, name: str, settings: Settings, directory: Path, **given: str) -> None:
        self.log = directory / f"{name}.log"
        env = {
            **os.environ,
            "RECAUG_KAFKA": settings.kafka,
            "RECAUG_REDIS": settings.redis,
            "RECAUG_PREFIX": settings.prefix,
            "RECAUG_DATA_DIR": str(settings.data_dir),
            "RECAUG_WORKER": "w1",
            **given,
        }
        with self.log.open("wb") as out:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "streams", name], cwd=ROOT, env=env, stdout=out, stderr=out
            )

    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.log.read_text().splitlines()]

    def url(self) -> str:
        ready = until(lambda: [one for one in self.lines() if one.get("ready") is True])
        return str(ready[0]["metrics"])

    def get(self, path: str, host: str = "") -> tuple[int, str]:
        request = Request(f"{self.url()}{path}", headers={"Host": host} if host else {})
        try:
            with urlopen(request, timeout=10) as answer:
                return answer.status, answer.read().decode()
        except HTTPError as refused:
            with refused:
                return refused.code, refused.read().decode()

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(30)


class Town:
    """The two services, the collector, and what became of four events."""

    def __init__(self, settings: Settings, clean: Service, recommend: Service) -> None:
        self.settings, self.services = settings, {"clean": clean, "recommend": recommend}
        self.spans: list[Kept] = []
        self.lists: dict[str, Record] = {}

    def lists_by_event(self) -> dict[str, Record]:
        found = read(self.settings.broker, [self.settings.topics.recommendations.name])
        return {orjson.loads(one.value or b"")["source_event"]["event_id"]: one for one in found}


def click(number: int) -> dict[str, Any]:
    return {
        "event": "click", "event_id": f"e{number}", "timestamp": int(time.time() * 1000),
        "user_id": f"person-{number}", "item_id": "i1",
    }  # fmt: skip


@pytest.fixture(scope="module")
def town(kafka: str, redis_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    data = tmp_path_factory.mktemp("town")
    settings = Settings(
        kafka=kafka, redis=redis_url, prefix=f"t{uuid.uuid4().hex[:10]}.", partitions=2,
        data_dir=data,
    )  # fmt: skip
    ensure_topics(settings)
    with Collector() as collector:
        given = {
            "RECAUG_METRICS_LISTEN": "127.0.0.1:0",
            "RECAUG_TRACES": collector.url,
            "RECAUG_TRACES_SHARE": "0",
            "OTEL_BSP_SCHEDULE_DELAY": "100",
        }
        services = [Service(name, settings, data, **given) for name in ("clean", "recommend")]
        town = Town(settings, *services)
        try:
            _publish(settings)
            until(lambda: {"e1", "e2", "e3"} <= town.lists_by_event().keys())
            town.lists = town.lists_by_event()
            until(lambda: len(collector.named("score")) == 1 and len(collector.spans) == 4)
            town.spans = collector.spans[:]
            yield town
        finally:
            codes = [service.stop() for service in services]
        assert codes == [0, 0]


def _publish(settings: Settings) -> None:
    topic = settings.topics.clickstream.name
    contexts = {1: [("traceparent", SAMPLED)], 2: [("traceparent", UNSAMPLED)], 3: []}
    client = producer(settings.kafka)
    for number, headers in contexts.items():
        key = f"person-{number}".encode()
        client.send(topic, key=key, value=orjson.dumps(click(number)), headers=headers)
    bad = {**click(4), "item_id": 7.5}
    client.send(topic, key=b"person-4", value=orjson.dumps(bad), headers=contexts[1])
    client.flush()
    client.close()


# -- traces ---------------------------------------------------------------------------------------


def test_a_trace_follows_one_click_from_its_sender_to_its_list(town: Town) -> None:
    topics = town.settings.topics
    (good, bad) = sorted(
        (span for span in town.spans if span.service == "recaug-clean"), key=lambda s: s.error
    )
    assert good.name == bad.name == f"process {topics.clickstream.name}"
    (second,) = [span for span in town.spans if span.name == f"process {topics.events.name}"]
    assert second.service == "recaug-recommend"
    assert {good.trace_id, bad.trace_id, second.trace_id} == {TRACE}
    assert (good.parent_id, second.parent_id) == (SPAN, good.span_id)
    header = town.lists["e1"].header("traceparent")
    assert header == f"00-{TRACE}-{second.span_id}-01".encode()
    assert good.seconds > 0 and second.seconds > 0


def test_spans_say_where_the_record_was_and_never_whose(town: Town) -> None:
    (second,) = [span for span in town.spans if span.name.endswith("recaug.events")]
    source = orjson.loads(town.lists["e1"].value or b"")["source_event"]
    assert second.attributes == {
        "messaging.system": "kafka",
        "messaging.operation.name": "process",
        "messaging.operation.type": "process",
        "messaging.destination.name": town.settings.topics.events.name,
        "messaging.destination.partition.id": str(source["partition"]),
        "messaging.consumer.group.name": town.settings.group("recommend"),
        "messaging.kafka.offset": source["offset"],
        "recaug.event": "click",
        "recaug.fallback": "popular",
    }
    assert "person-" not in str(town.spans)


def test_a_refused_event_ends_its_trace_with_the_reason(town: Town) -> None:
    (bad,) = [span for span in town.spans if span.error]
    (letter,) = read(town.settings.broker, [town.settings.topics.dead_letters.name])
    assert bad.error == bad.attributes["error.type"]
    assert letter.header("__streams.errors.exception") == bad.error.encode()


def test_a_batch_is_scored_once_for_all_and_linked_not_parented(town: Town) -> None:
    (score,) = [span for span in town.spans if span.name == "score"]
    (second,) = [span for span in town.spans if span.name.endswith("recaug.events")]
    assert (score.parent_id, score.links) == ("", (second.span_id,))
    assert score.trace_id != TRACE
    assert score.attributes["messaging.batch.message_count"] >= 1


def test_what_its_sender_did_not_want_traced_passes_on_untouched(town: Town) -> None:
    assert town.lists["e2"].header("traceparent") == UNSAMPLED
    assert town.lists["e3"].header("traceparent") is None


# -- its own web server ---------------------------------------------------------------------------


def samples(page: str) -> dict[str, float]:
    lines = (line for line in page.splitlines() if not line.startswith("#"))
    return {name: float(value) for name, value in (line.rsplit(" ", 1) for line in lines)}


def test_metrics_count_what_came_and_what_became_of_it(town: Town) -> None:
    topics = town.settings.topics
    found = {name: samples(service.get("/metrics")[1]) for name, service in town.services.items()}
    clean, recommend = found["clean"], found["recommend"]
    topic = topics.clickstream.name
    assert clean[f'recaug_events_consumed_total{{topic="{topic}"}}'] == 4
    refused = {name: value for name, value in clean.items() if "events_rejected" in name}
    assert list(refused.values()) == [1]
    assert clean["recaug_partitions_assigned"] == 10  # five topics of two partitions
    assert recommend[f'recaug_events_consumed_total{{topic="{topics.events.name}"}}'] == 3
    assert recommend['recaug_recommendations_produced_total{fallback="popular"}'] == 3
    assert recommend['recaug_recommend_delay_seconds_count{event="click"}'] == 3
    assert recommend['recaug_redis_duration_seconds_count{op="apply"}'] >= 1
    for page in (clean, recommend):
        assert page["recaug_inflight_events"] == 0
        lags = [v for name, v in page.items() if "_lag_" in name]
        assert lags and set(lags) == {0}
        stages = page['recaug_processing_duration_seconds_count{stage="total"}']
        assert stages == page["recaug_batch_size_count"] >= 1


def test_every_metric_of_the_list_is_there_and_no_other(town: Town) -> None:
    for name, service in town.services.items():
        _, page = service.get("/metrics")
        told = {
            (line.split()[2], line.split()[3])
            for line in page.splitlines()
            if line.startswith("# TYPE") and "process_" not in line.split()[2]
        }
        assert told == {(one.family.name, one.family.kind) for one in m.of(name)}


def test_a_worker_is_ready_when_all_of_its_checks_pass(town: Town) -> None:
    for service in town.services.values():
        status, answer = service.get("/readyz")
        told = json.loads(answer)
        assert (status, told["ready"]) == (200, True)
        assert all(check["ok"] for check in told["checks"].values())
    assert set(json.loads(answer)["checks"]) == {"group", "store", "knowledge"}
    assert service.get("/healthz") == (200, '{"status": "ok"}\n')
    assert json.loads(service.get("/version")[1])["service"] == "recommend"
    assert service.get("/nothing")[0] == 404


def test_a_name_that_somebody_may_own_is_refused(town: Town) -> None:
    clean = town.services["clean"]
    assert clean.get("/metrics", host="rebound.example:9464")[0] == 421
    assert clean.get("/healthz", host="clean:9464")[0] == 200


# -- pulses and the log ---------------------------------------------------------------------------


def test_each_worker_sends_its_pulse(town: Town) -> None:
    topic = town.settings.topics.pulses.name

    def pulses() -> list[Pulse]:
        found = read(town.settings.broker, [topic])
        return [Pulse.model_validate_json(one.value or b"") for one in found]

    until(lambda: {one.service for one in pulses()} == {"clean", "recommend"})
    every = pulses()
    assert {(one.worker, one.partitions > 0) for one in every} == {("w1", True)}
    assert sum(one.records for one in every if one.service == "clean") == 4
    stages = {s for one in every if one.service == "recommend" for s in one.stage_s}
    assert {"decode", "state", "retrieve", "score", "produce"} == stages
    assert all(sum(one.stage_s.values()) <= one.busy_s + 1e-6 for one in every)


def test_every_line_of_the_log_is_an_object_that_names_nobody(town: Town) -> None:
    for name, service in town.services.items():
        lines = service.lines()  # each is JSON, or this fails
        said = [line for line in lines if "event" in line]
        assert {line["service"] for line in said} <= {name}
        assert "person-" not in service.log.read_text()
