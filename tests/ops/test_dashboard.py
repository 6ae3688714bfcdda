"""The dashboard of Grafana: its form, its layout, and every query answered by a real Prometheus."""

from __future__ import annotations

import json
import shutil
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
import yaml
from kafka import TopicPartition
from kafka.structs import OffsetAndMetadata

from recaug.kafka import admin, ensure_topics, producer
from recaug.local.ports import free_port, listens
from recaug.prequential.record import Cell
from recaug.prequential.record import Record as Metric
from recaug.settings import Settings
from tests.ops.promql import OF_PROMETHEUS, exported, metrics_in
from tests.ops.test_rules import HERE, RECORDED, ROOT
from tests.recaug.exporter.serving import exporting
from tests.recaug.page.records import answer, click, record

BOARD: dict[str, Any] = json.loads((ROOT / "ops" / "grafana" / "recaug.json").read_text())
PANELS: list[dict[str, Any]] = BOARD["panels"]
DRAWN = [panel for panel in PANELS if panel["type"] != "row"]
VARIABLES = {variable["name"]: variable for variable in BOARD["templating"]["list"]}
QUERIES = [target["expr"] for panel in DRAWN for target in panel["targets"]] + [
    note["expr"] for note in BOARD["annotations"]["list"]
]


def plain(query: str) -> str:
    """The query as Grafana sends it where everything is chosen."""
    for name in VARIABLES:
        query = query.replace(f"${name}", ".*")
    assert "$" not in query
    return query


def test_it_has_the_fields_that_grafana_requires() -> None:
    assert BOARD["uid"] == "recaug"
    assert isinstance(BOARD["title"], str) and isinstance(BOARD["schemaVersion"], int)
    assert {"time", "timepicker", "refresh", "annotations", "templating"} <= BOARD.keys()
    assert "id" not in BOARD, "that of one Grafana: another one's would be overwritten"
    assert {"datasource", "cluster", "group", "topic"} == VARIABLES.keys()


def test_panels_are_told_apart_and_explained() -> None:
    ids = [panel["id"] for panel in PANELS]
    assert len(set(ids)) == len(ids)
    assert len({panel["title"] for panel in PANELS}) == len(PANELS)
    for panel in DRAWN:
        assert panel["description"].endswith(".")
        assert panel["fieldConfig"]["defaults"]["unit"]
        targets = panel["targets"]
        assert len({target["refId"] for target in targets}) == len(targets) > 0
        for source in (panel["datasource"], *(target["datasource"] for target in targets)):
            assert source == {"type": "prometheus", "uid": "${datasource}"}


def test_panels_lie_beside_each_other() -> None:
    for panel in PANELS:
        at = panel["gridPos"]
        assert at["x"] >= 0 and at["x"] + at["w"] <= 24 and at["y"] >= 0
        assert at["w"] > 0 and at["h"] > 0
    for one, other in combinations(PANELS, 2):
        assert not _overlap(one["gridPos"], other["gridPos"]), (one["title"], other["title"])


def _overlap(one: dict[str, int], other: dict[str, int]) -> bool:
    return all(
        one[at] < other[at] + other[size] and other[at] < one[at] + one[size]
        for at, size in (("x", "w"), ("y", "h"))
    )


@pytest.mark.parametrize("query", QUERIES)
def test_a_query_asks_for_what_there_is(query: str) -> None:
    asked = metrics_in(query)
    assert asked
    assert asked <= exported() | RECORDED | OF_PROMETHEUS | {"ALERTS"}


@pytest.mark.skipif(
    shutil.which("prometheus") is None, reason="no prometheus: Debian: apt-get install prometheus"
)
def test_a_real_prometheus_that_scraped_a_real_exporter_answers_every_query(
    settings: Settings, tmp_path: Path
) -> None:
    ensure_topics(settings)
    with exporting(settings) as exporter, prometheus(exporter.address, tmp_path) as address:
        wait_for(address, "recaug_records_total")
        publish(settings)
        wait_for(address, "recaug_group_verdict and on () group_topic:recaug_out:rate1m")
        wait_for(address, "recaug_model_info and on () recaug_prequential_targets_total")
        wait_for(address, 'rate(recaug_dead_letters_total{reason="bad_json"}[5m]) > 0')
        for query in (target["expr"] for panel in DRAWN for target in panel["targets"]):
            wait_for(address, plain(query))  # a rate takes two scrapes
        for note in BOARD["annotations"]["list"]:
            ask(address, plain(note["expr"]))


def publish(settings: Settings) -> None:
    """Something of everything that is drawn."""
    topics = settings.topics
    gate = {"promoted": True, "version": "v1", "metrics": {"challenger": {"ndcg@10": 0.3}}}
    metric = Metric(model="main", version="v1", frozen_version="v0", from_ms=0, to_ms=1,
                    cells=(Cell(source="clicks", bucket="new", targets=9),))  # fmt: skip
    records = [
        click("u", "e1", "i", topics=topics),
        record(topics.recommendations.name, "u", answer("e1", "i")),
        record(topics.models.name, "main/v1", gate),
        record(topics.models.name, "main", {"version": "v1"}),
        record(topics.metrics.name, "main", metric.to_bytes()),
        record(topics.dead_letters.name, "u", b"{", **{"__streams.errors.exception": "bad_json"}),
    ]
    client = producer(settings.kafka, linger_ms=0)
    for one in records:
        client.send(one.topic, key=one.key, value=one.value, headers=list(one.headers)).get(10)
    client.close()
    with admin(settings.kafka) as control:
        read = {TopicPartition(topics.clickstream.name, 0): OffsetAndMetadata(0, "", -1)}
        control.alter_group_offsets(settings.group("clean"), read)


@contextmanager
def prometheus(target: str, directory: Path) -> Iterator[str]:
    """The address of a Prometheus with our rules that scrapes `target` every second."""
    settings = yaml.safe_load((HERE / "prometheus.yml").read_text())
    settings["global"] = {"scrape_interval": "1s", "evaluation_interval": "1s"}
    settings["rule_files"] = [str(HERE / "recaug.rules.yml")]
    (directory / "targets.yml").write_text(
        yaml.safe_dump([{"targets": [target.removeprefix("http://")]}])
    )
    (directory / "prometheus.yml").write_text(yaml.safe_dump(settings))
    port = free_port()
    command = ["prometheus", f"--config.file={directory / 'prometheus.yml'}",
               f"--storage.tsdb.path={directory / 'data'}",
               f"--web.listen-address=127.0.0.1:{port}"]  # fmt: skip
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:
        try:
            deadline = time.monotonic() + 60
            address = f"http://127.0.0.1:{port}"
            while not (listens(port) and _ready(address)):
                assert process.poll() is None
                assert time.monotonic() < deadline
                time.sleep(0.1)
            yield address
        finally:
            process.terminate()
            process.wait(30)


def _ready(address: str) -> bool:
    try:
        urllib.request.urlopen(f"{address}/-/ready", timeout=20).close()
    except urllib.error.HTTPError as reading_its_files:
        reading_its_files.close()
        return False
    return True


def wait_for(address: str, query: str) -> None:
    deadline = time.monotonic() + 60
    while not ask(address, query):
        assert time.monotonic() < deadline, query
        time.sleep(0.5)


def ask(address: str, query: str) -> list[Any]:
    """The result of a query; one that cannot be evaluated is an error."""
    path = f"{address}/api/v1/query?{urllib.parse.urlencode({'query': query})}"
    with urllib.request.urlopen(path, timeout=20) as reply:
        found = json.load(reply)
    assert found["status"] == "success", found
    return list(found["data"]["result"])
