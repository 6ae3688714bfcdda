"""The page of metrics names every metric, with the labels that are served."""

from __future__ import annotations

import re

import pytest

from recaug import worker_metrics as m
from recaug.exporter import families as f
from recaug.exporter.groups import metrics
from recaug.exporter.tally import Tally
from recaug.exposition import Family
from recaug.lag import Position, Sample, compare
from recaug.metrics_page import LABELS, page
from recaug.prequential.exposition import FAMILIES as QUALITY
from recaug.prequential.record import Cell
from recaug.prequential.record import Record as Metric
from recaug.settings import SERVICES, Settings
from tests.recaug.exporter.strict import Page, parse
from tests.recaug.page.records import TOPICS, record

EXPORTER = {one.name: one for one in (*f.FAMILIES, *QUALITY.values())}
#: Served by the exporter's server itself, without a label, or with the version of the program.
OF_THE_SERVER = {f.KAFKA_UP.name, f.SAMPLED.name, f.BUILD.name}


def lag() -> Page:
    """One group that is behind on a topic that deletes by age."""
    where = ("recaug-clean", "clickstream")
    first, second = (
        Sample(at_ms, {"recaug-clean": 1}, {where: {0: Position(at, 0, 9, unread_ms=1)}})
        for at_ms, at in ((0, 1), (9_000, 4))
    )
    return parse(metrics(second, compare(first, second), {"clickstream": 86_400_000}, "c"))


def tally() -> Page:
    """One training that was promoted, and lists of its model that were judged."""
    told = Tally(Settings(kafka="127.0.0.1:1"))
    gate = {"name": "main", "version": "20261124T050312-1f0c2d3e", "promoted": True,
            "metrics": {"champion": {"ndcg@10": 0.2}}}  # fmt: skip
    cell = Cell(source="clicks", bucket="short", targets=1)
    metric = Metric(model="main", version="v1", from_ms=0, to_ms=1, cells=[cell])
    for one in (
        record(TOPICS.models.name, "main/v1", gate, 1),
        record(TOPICS.models.name, "main", gate, 1),
        record(TOPICS.metrics.name, "main", metric.to_bytes()),
    ):
        told.fold(one, 0.0)
    return parse(told.metrics())


def test_the_exporters_labels_are_those_it_serves() -> None:
    served: dict[str, set[str]] = {}
    for found in (lag(), tally()):
        for sample, labels in found.values:
            name = re.sub("_(bucket|sum|count)$", "", sample) if sample not in EXPORTER else sample
            served.setdefault(name, set()).update(name for name, _ in labels if name != "le")
    assert served.keys() == EXPORTER.keys() - OF_THE_SERVER
    for name, labels in served.items():
        assert labels == set(LABELS.get(EXPORTER[name], ())), name


def test_every_metric_has_its_row() -> None:
    rows = re.findall(r"^\| `(\w+)` \| (\w+) \|", page(), re.M)
    every: list[Family] = [*EXPORTER.values(), *(one.family for one in m.METRICS)]
    assert sorted(rows) == sorted((one.name, one.kind) for one in every)


def test_no_name_is_told_by_a_worker_and_by_the_exporter() -> None:
    assert not EXPORTER.keys() & {one.family.name for one in m.METRICS}


@pytest.mark.parametrize("metric", m.METRICS, ids=lambda one: one.family.name)
def test_a_workers_metric_keeps_the_rules_of_prometheus(metric: m.Metric) -> None:
    name, kind, about = metric.family
    assert name.startswith("recaug_") and about.endswith(".")
    assert (kind == "counter") == name.endswith("_total")
    assert (kind == "histogram") == bool(metric.buckets)
    assert list(metric.buckets) == sorted(set(metric.buckets))
    assert not re.search("_(ms|millis|minutes|percent)(_|$)", name)
    assert set(metric.services) <= set(SERVICES)
    # What could be anything, or grows with the shop.
    assert not {"user", "item", "event_id", "key", "member", "query"} & set(metric.labels)
