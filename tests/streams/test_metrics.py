"""The gauges of a worker, from positions and clocks chosen by hand."""

from __future__ import annotations

import shutil
import subprocess
from typing import Any, NamedTuple

import pytest
from faust.types import TP
from prometheus_client.parser import text_string_to_metric_families

from recaug.bounds import Bound
from recaug.pulse import Stage
from recaug.settings import SERVICES
from streams import metrics as module
from streams.telemetry import Telemetry
from streams.transport import Batch

HERE, THERE = TP("clickstream", 0), TP("clickstream", 1)


class Polled(NamedTuple):
    timestamp: int


class Page(NamedTuple):
    """Samples by name and labels."""

    values: dict[tuple[str, frozenset[tuple[str, str]]], float]

    def at(self, name: str, **labels: str) -> float:
        return self.values[name, frozenset(labels.items())]

    def of(self, name: str) -> dict[frozenset[tuple[str, str]], float]:
        return {labels: value for (found, labels), value in self.values.items() if found == name}


def page(telemetry: Telemetry) -> Page:
    families = text_string_to_metric_families(telemetry.metrics.page().decode())
    samples = (sample for family in families for sample in family.samples)
    return Page({(one.name, frozenset(one.labels.items())): one.value for one in samples})


def batch(**parts: list[int]) -> Batch:
    """By partition, the times of its records."""
    polled: dict[TP, Any] = {
        TP("clickstream", int(name[1:])): [Polled(at) for at in times]
        for name, times in parts.items()
    }
    return Batch([record for records in polled.values() for record in records], {}, polled)


def at(found: Page, name: str, partition: int) -> float:
    return found.at(name, topic="clickstream", partition=str(partition))


def test_time_lag_is_the_age_of_what_was_handled_last_and_nought_when_drained(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module.time, "time", lambda: 100.0)
    telemetry = Telemetry("clean")
    telemetry.metrics.standing = lambda: {HERE: (5, 9), THERE: (7, 7)}
    some = batch(p0=[1_000, 88_000], p1=[99_000])
    telemetry.taken(some)
    telemetry.settled(some)
    found = page(telemetry)
    assert at(found, "recaug_consumer_position_lag_messages", 0) == 4
    assert at(found, "recaug_consumer_time_lag_seconds", 0) == 12  # 100 s less 88 s
    assert at(found, "recaug_consumer_position_lag_messages", 1) == 0
    assert at(found, "recaug_consumer_time_lag_seconds", 1) == 0
    assert found.at("recaug_partitions_assigned") == 2
    assert found.at("recaug_events_consumed_total", topic="clickstream") == 3


def test_a_batch_in_hand_is_in_flight_until_it_is_settled() -> None:
    telemetry, some = Telemetry("clean"), batch(p0=[1, 2, 3])
    telemetry.taken(some)
    assert page(telemetry).at("recaug_inflight_events") == 3
    telemetry.settled(some)
    assert page(telemetry).at("recaug_inflight_events") == 0


def test_every_stage_that_took_time_is_observed_once_a_batch() -> None:
    telemetry, some = Telemetry("recommend"), batch(p0=[1])
    stages: tuple[Stage, ...] = ("decode", "produce")
    for _ in range(3):
        telemetry.taken(some)
        for stage in stages:
            with telemetry.effort.stage(stage):
                sum(range(1_000))
        telemetry.settled(some)
    found = page(telemetry)
    name = "recaug_processing_duration_seconds_count"
    assert {dict(labels)["stage"]: n for labels, n in found.of(name).items()} == {
        "decode": 3, "produce": 3, "total": 3,
    }  # fmt: skip


def test_only_the_model_that_serves_is_named() -> None:
    telemetry = Telemetry("recommend")
    for version in ("v1", "v2"):
        model = {"name": "main", "version": version, "precision": "fp32", "provider": "cpu"}
        telemetry.metrics.serves(model)
    found = page(telemetry)
    (labels,) = found.of("recaug_served_model_info")
    assert dict(labels)["version"] == "v2"
    assert found.at("recaug_model_swaps_total", result="served") == 2


def test_calls_of_the_store_are_counted_with_their_failures() -> None:
    telemetry = Telemetry("recommend")
    telemetry.metrics.store_called("users", 0.25, False)
    telemetry.metrics.store_called("users", 0.5, True)
    found = page(telemetry)
    assert found.at("recaug_redis_duration_seconds_sum", op="users") == 0.75
    assert found.at("recaug_redis_errors_total", op="users") == 1


def test_every_limit_is_told_also_those_never_met() -> None:
    found = page(Telemetry("learn")).of("recaug_limits_reached_total")
    assert {dict(labels)["limit"] for labels in found} == set(map(str, Bound))


@pytest.mark.skipif(shutil.which("promtool") is None, reason="no promtool: Debian: prometheus")
@pytest.mark.parametrize("service", SERVICES)
def test_prometheus_itself_has_nothing_to_say_against_it(service: str) -> None:
    text = Telemetry(service).metrics.page()
    done = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
