"""Every check finds what is wrong, and says how to mend it."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from recaug import checkup
from recaug.checkup import Check, Finding, Level
from recaug.kafka import admin, ensure_topics, partition_counts, producer
from recaug.registry import Registry
from recaug.settings import Settings
from recaug.signing import Keys

ABOUT: dict[str, Any] = {
    "created_at": "2026-11-24T05:40:35Z", "model": {}, "metrics": {}, "parity": {}, "offsets": {},
    "events": 7, "train_seconds": 1.5, "device": "cpu", "promoted": True, "reason": "first",
}  # fmt: skip


def found(check: Check, settings: Settings) -> list[Finding]:
    return list(check(settings))


def only(check: Check, settings: Settings) -> Finding:
    (finding,) = found(check, settings)
    return finding


def test_a_whole_installation_is_well(settings: Settings) -> None:
    ensure_topics(settings)
    findings = list(checkup.examine(settings))
    told = {finding.about: finding.level for finding in findings if finding.about != "store"}
    assert set(told) == {"broker", "topics", "producers", "models", "scoring", "disk", "versions"}
    assert set(told.values()) == {Level.OK}


def test_one_check_that_fails_does_not_keep_the_others_from_running(tmp_path: Path) -> None:
    findings = list(checkup.examine(Settings(kafka="127.0.0.1:1", data_dir=tmp_path)))
    told = {finding.about: finding for finding in findings}
    assert told["broker"].level is Level.FAIL
    assert "recaug up" in told["broker"].mend
    assert not {"topics", "producers"} & set(told), "nobody waits for the same broker three times"
    assert told["disk"].level is Level.OK
    assert told["versions"].level is Level.OK


def test_topics_that_are_missing_are_named(settings: Settings) -> None:
    finding = only(checkup.topics, settings)
    assert finding.level is Level.WARN
    assert f"{settings.prefix}clickstream" in finding.words


def test_unequal_partition_counts_are_a_failure(settings: Settings) -> None:
    ensure_topics(settings)
    with admin(settings.kafka) as client:
        client.create_partitions({settings.topics.social.name: 5})
        # The controller has made them; the broker learns of it a moment later.
        deadline = time.monotonic() + 30
        while partition_counts(client, [settings.topics.social]) != {
            settings.topics.social.name: 5
        }:
            assert time.monotonic() < deadline
    finding = only(checkup.topics, settings)
    assert finding.level is Level.FAIL
    assert f"{settings.topics.social.name} 5" in finding.words


def test_kafkas_own_partitioner_is_known_by_its_vectors() -> None:
    # Published vectors for 24 partitions.
    vectors = {"u-1842": 0, "u-1": 7, "anon:7f3c": 19, "sku-20931": 20, "üser-1": 0}
    assert {key: checkup.partition_of(key.encode(), 24) for key in vectors} == vectors


def test_another_partitioner_is_told_by_where_records_are(settings: Settings) -> None:
    ensure_topics(settings)
    topic = settings.topics.clickstream.name
    client = producer(settings.kafka)
    for number in range(20):
        client.send(topic, key=f"u{number}".encode(), value=b"{}")
    client.flush()
    assert only(checkup.producers, settings).level is Level.OK
    wrong = 1 - checkup.partition_of(b"u0", 2)
    client.send(topic, key=b"u0", value=b"{}", partition=wrong)
    client.close()
    finding = only(checkup.producers, settings)
    assert finding.level is Level.WARN
    assert finding.words.startswith("1 of the newest 21 events")
    assert "murmur2_random" in finding.mend


def test_the_store_answers_and_keeps_what_it_is_given(settings: Settings) -> None:
    assert {finding.level for finding in found(checkup.store, settings)} == {Level.OK}


def test_a_store_that_is_gone_is_a_failure(settings: Settings, tmp_path: Path) -> None:
    gone = settings.model_copy(update={"redis": f"unix://{tmp_path}/nobody.sock"})
    assert only(checkup.store, gone).level is Level.FAIL


def test_no_store_is_a_warning(settings: Settings) -> None:
    assert only(checkup.store, settings.model_copy(update={"redis": ""})).level is Level.WARN


def keys(settings: Settings) -> Keys:
    made = Keys.of(settings)
    made.ensure()
    return made


@pytest.mark.parametrize(("served", "level"), [("v1", Level.FAIL), ("v2", Level.WARN)])
def test_a_damaged_bundle_is_worse_when_it_is_the_one_served(
    settings: Settings, served: str, level: Level
) -> None:
    registry = Registry(settings.registry, keys(settings))
    for version in ("v1", "v2"):
        registry.write("main", version, {"x.bin": b"x"}, ABOUT)
    registry.promote("main", served)
    (registry.root / "main" / "v1" / "x.bin").write_bytes(b"y")
    damaged, summary = found(checkup.models, settings)
    assert damaged.level is level
    assert "hash" in damaged.words
    assert summary.words == f"1 of 2 bundles whole, serving {served}"


def test_an_alias_that_names_nothing_is_a_failure(settings: Settings) -> None:
    registry = Registry(settings.registry, keys(settings))
    registry.write("main", "v1", {"x.bin": b"x"}, ABOUT)
    registry.promote("main", "v1")
    (registry.root / "main" / "v1").rename(settings.registry / "gone")
    assert only(checkup.models, settings).level is Level.FAIL


def test_a_damaged_alias_is_a_failure(settings: Settings) -> None:
    home = settings.registry / "main"
    home.mkdir(parents=True)
    (home / "champion").write_text("v9\n")
    assert only(checkup.models, settings).level is Level.FAIL


def test_a_gpu_that_is_asked_for_and_not_there_is_a_failure(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))  # no nvidia-smi
    wanted = settings.model_copy(update={"provider": "cuda"})
    assert only(checkup.scoring, wanted).level is Level.FAIL
    assert only(checkup.scoring, settings).level is Level.OK


def test_disk_is_measured_where_the_files_will_be(settings: Settings) -> None:
    later = settings.model_copy(update={"data_dir": settings.data_dir / "not" / "made"})
    assert only(checkup.disk, later).level is Level.OK
