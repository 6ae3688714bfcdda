"""Lag as metrics, from offsets chosen by hand."""

from __future__ import annotations

import math

from recaug.exporter.groups import metrics
from recaug.lag import Position, Sample, Verdict, compare
from tests.recaug.exporter.strict import Page, parse

GROUP, TOPIC = "recaug-clean", "clickstream"
HERE = {"cluster_name": "c", "group": GROUP}
DAY_MS = 86_400_000


def page(at_s: int, *positions: Position, before: Sample | None = None, members: int = 1) -> Page:
    now = sample(at_s, *positions, members=members)
    return parse(metrics(now, compare(before, now) if before else [], {TOPIC: DAY_MS}, "c"))


def sample(at_s: int, *positions: Position, members: int = 1) -> Sample:
    return Sample(at_s * 1_000, {GROUP: members}, {(GROUP, TOPIC): dict(enumerate(positions))})


def test_each_partition_has_its_lag_in_records_and_seconds() -> None:
    found = page(100, Position(90, 50, 100, unread_ms=93_500), Position(7, 0, 7))
    first = {**HERE, "topic": TOPIC, "partition": "0"}
    second = {**HERE, "topic": TOPIC, "partition": "1"}
    prefix = "kafka_consumergroup_group"
    assert found.at(f"{prefix}_lag", **first) == 10
    assert found.at(f"{prefix}_lag_seconds", **first) == 6.5
    assert found.at(f"{prefix}_offset", **first) == 90
    assert found.at(f"{prefix}_lag_retention_ratio", **first) == 20  # 10 of the 50 kept
    assert found.at(f"{prefix}_lag", **second) == found.at(f"{prefix}_lag_seconds", **second) == 0
    assert found.at(f"{prefix}_max_lag", **HERE) == found.at(f"{prefix}_sum_lag", **HERE) == 10
    assert found.at(f"{prefix}_max_lag_seconds", **HERE) == 6.5
    assert found.at(f"{prefix}_topic_sum_lag", **HERE, topic=TOPIC) == 10
    assert found.at("recaug_group_members", **HERE) == 1


def test_offsets_of_a_partition_are_told_once_however_many_groups_read_it() -> None:
    parts = {0: Position(3, 2, 9)}
    both = Sample(0, {"a": 1, "b": 1}, {("a", TOPIC): parts, ("b", TOPIC): parts})
    found = parse(metrics(both, [], {}, "c"))
    where = {"cluster_name": "c", "topic": TOPIC, "partition": "0"}
    assert found.at("kafka_partition_latest_offset", **where) == 9
    assert found.at("kafka_partition_earliest_offset", **where) == 2


def test_what_is_not_known_is_absent_and_not_nought() -> None:
    found = page(100, Position(None, 0, 4))
    assert not found.of("kafka_consumergroup_group_offset")
    assert not found.of("kafka_consumergroup_group_lag_seconds")
    assert not found.of("kafka_consumergroup_group_max_lag_seconds")
    assert not found.of("recaug_group_verdict")


def test_records_deleted_unread_are_counted() -> None:
    found = page(100, Position(10, 40, 100))
    assert list(found.of("kafka_consumergroup_group_messages_lost").values()) == [30]


def test_one_verdict_of_six_holds() -> None:
    here = Position(60, 0, 60)
    found = page(103, here, before=sample(100, here, members=0), members=0)
    assert {dict(labels)["verdict"]: v for labels, v in found.of("recaug_group_verdict").items()} \
        == {verdict.value: verdict is Verdict.STOP for verdict in Verdict}  # fmt: skip


def test_draining_never_is_infinite_and_nothing_to_drain_is_nought() -> None:
    behind = page(110, Position(100, 0, 900, 95_000), before=sample(100, Position(0, 0, 100)))
    assert list(behind.of("recaug_group_drain_seconds").values()) == [math.inf]
    done = page(110, Position(100, 0, 100), before=sample(100, Position(0, 0, 100)))
    assert list(done.of("recaug_group_drain_seconds").values()) == [0]


def test_the_margin_is_what_is_left_until_retention_takes_the_oldest_unread_record() -> None:
    found = page(7_200, Position(0, 0, 4, unread_ms=3_600_000), Position(0, 0, 4, unread_ms=5))
    assert list(found.of("recaug_group_retention_margin_seconds").values()) == [86_400.005 - 7_200]
    assert not page(100, Position(4, 0, 4)).of("recaug_group_retention_margin_seconds")
