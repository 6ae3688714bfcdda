"""Every check finds what is wrong, and says how to mend it."""

from __future__ import annotations

import time
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest
from kafka.admin import ConfigResource, ConfigResourceType

from recaug import checkup
from recaug.checkup import Check, Finding, Level, clocks, host, runtime, user_state
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
    assert set(told) == set(checkup.CHECKS) - {"store"}
    assert set(told.values()) == {Level.OK}


def test_one_check_that_fails_does_not_keep_the_others_from_running(tmp_path: Path) -> None:
    findings = list(checkup.examine(Settings(kafka="127.0.0.1:1", data_dir=tmp_path)))
    told = {finding.about: finding for finding in findings}
    assert told["broker"].level is Level.FAIL
    assert "recaug up" in told["broker"].mend
    assert not checkup.ASK_THE_BROKER & set(told), "nobody waits for the same broker five times"
    assert told["disk"].level is Level.OK
    assert told["versions"].level is Level.OK


def test_topics_that_are_missing_are_named(settings: Settings) -> None:
    finding = only(checkup.topics, settings)
    assert finding.level is Level.WARN
    assert f"{settings.prefix}clickstream" in finding.words
    assert "recaug topics create" in finding.mend


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
    assert finding.words.startswith(f"1 of the newest 21 records of {topic}")
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


@pytest.mark.parametrize(
    ("wanted", "has_cuda", "driver", "level", "words"),
    [
        ("auto", True, "580.65.06", Level.OK, "on CUDA, NVIDIA driver 580.65.06"),
        ("auto", True, None, Level.OK, "on CPU (no NVIDIA driver here)"),
        ("auto", True, "570.133.07", Level.WARN, "needs R580"),
        ("cuda", True, "570.133.07", Level.FAIL, "needs R580"),
        ("cpu", True, "570.133.07", Level.OK, "on CPU"),
        ("cuda", False, "580.65.06", Level.FAIL, "a build without CUDA"),
        ("cuda", True, None, Level.FAIL, "no NVIDIA driver"),
    ],
)
def test_the_driver_must_be_new_enough_for_what_is_asked_for(
    wanted: str, has_cuda: bool, driver: str | None, level: Level, words: str
) -> None:
    finding = runtime.judge(wanted, "1.31.1", has_cuda, driver)
    assert finding.level is level
    assert words in finding.words
    assert bool(finding.mend) is (level is not Level.OK)


def test_a_gpu_that_is_asked_for_and_not_there_is_a_failure(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))  # no nvidia-smi
    wanted = settings.model_copy(update={"provider": "cuda"})
    assert only(checkup.scoring, wanted).level is Level.FAIL
    assert only(checkup.scoring, settings).level is Level.OK


def test_the_driver_is_asked_for_its_version(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    program = tmp_path / "nvidia-smi"
    program.write_text("#!/bin/sh\necho 580.65.06\necho 580.65.06\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")
    assert runtime.driver() == "580.65.06"
    program.write_text("#!/bin/sh\nexit 9\n")
    assert runtime.driver() is None


# -- the log -------------------------------------------------------------------------------------


def test_a_log_kept_shorter_than_training_looks_back_is_found(settings: Settings) -> None:
    ensure_topics(settings)
    assert only(checkup.retention, settings).level is Level.OK
    longer = settings.model_copy(update={"buffer_age_s": 31 * 86_400.0})
    finding = only(checkup.retention, longer)
    assert finding.level is Level.WARN
    assert finding.mend == "set RECAUG_BUFFER_AGE_S=2592000"


def test_a_setting_of_a_topic_that_differs_is_found(settings: Settings) -> None:
    ensure_topics(settings)
    name = settings.topics.users.name
    with admin(settings.kafka) as client:
        client.alter_configs(
            [ConfigResource(ConfigResourceType.TOPIC, name, {"cleanup.policy": "delete"})]
        )
    deadline = time.monotonic() + 30
    while (finding := found(checkup.topics, settings)[0]).level is Level.OK:
        assert time.monotonic() < deadline
    assert finding.words == f"{name}: cleanup.policy is delete, not compact"
    assert finding.mend == "recaug topics create --align"


# -- the clock -----------------------------------------------------------------------------------


def publish(settings: Settings) -> None:
    client = producer(settings.kafka)
    client.send(settings.topics.clickstream.name, key=b"u", value=b"{}").get(10)
    client.close()


def clock_off(settings: Settings, by_s: float) -> Finding:
    """The finding of a machine whose clock is off."""
    (finding,) = clocks.clock(settings, lambda: time.time() + by_s)
    return finding


def test_a_clock_behind_the_brokers_is_seen_by_a_stamp_from_the_future(
    settings: Settings,
) -> None:
    ensure_topics(settings)
    assert only(checkup.clock, settings).words.startswith("no record to compare")
    publish(settings)
    finding = clock_off(settings, -90.0)
    assert finding.level is Level.WARN
    assert "this clock is -9" in finding.words or "this clock is -8" in finding.words


@pytest.mark.parametrize(("off_s", "level"), [(0.0, Level.OK), (30.0, Level.WARN)])
def test_a_clock_ahead_is_seen_by_a_record_that_has_just_come(
    settings: Settings, off_s: float, level: Level
) -> None:
    ensure_topics(settings)
    publish(settings)
    done = Event()

    def keep_on() -> None:
        while not done.wait(0.2):
            publish(settings)

    traffic = Thread(target=keep_on)
    traffic.start()
    try:
        finding = clock_off(settings, off_s)
    finally:
        done.set()
        traffic.join()
    assert finding.level is level
    assert finding.words.startswith("this clock is +3" if off_s else "within 2 s")


def test_where_nothing_runs_nobody_waits(settings: Settings) -> None:
    ensure_topics(settings)
    publish(settings)
    finding = clock_off(settings, 3_600.0)
    assert (finding.level, finding.words.split(":")[0]) == (Level.OK, "no record has just come")


# -- the store -----------------------------------------------------------------------------------

WELL: dict[str, Any] = {"aof_enabled": 1, "maxmemory_policy": "noeviction", "role": "master"}


@pytest.mark.parametrize(
    ("about", "ahead_s", "level", "mend"),
    [
        ({"aof_enabled": 0}, 0.0, Level.WARN, "CONFIG SET appendonly yes"),
        ({"aof_last_write_status": "err"}, 0.0, Level.FAIL, "BGREWRITEAOF"),
        ({"maxmemory_policy": "allkeys-lru"}, 0.0, Level.FAIL, "maxmemory-policy noeviction"),
        ({"maxmemory": 100, "used_memory": 95}, 0.0, Level.WARN, "CONFIG SET maxmemory"),
        ({"role": "slave"}, 0.0, Level.FAIL, "RECAUG_REDIS"),
        ({}, -5.0, Level.WARN, "set-ntp"),
    ],
)
def test_a_store_that_would_lose_what_it_is_given_is_found(
    about: dict[str, Any], ahead_s: float, level: Level, mend: str
) -> None:
    assert list(user_state.judge(WELL, 0.0)) == []
    (finding,) = user_state.judge({**WELL, **about}, ahead_s)
    assert finding.level is level
    assert mend in finding.mend


def test_a_policy_that_deletes_is_found_in_a_real_store(settings: Settings) -> None:
    import redis

    client = redis.Redis.from_url(settings.redis)
    client.config_set("maxmemory-policy", "allkeys-lru")
    try:
        findings = found(checkup.store, settings)
    finally:
        client.config_set("maxmemory-policy", "noeviction")
        client.close()
    assert [finding.level for finding in findings] == [Level.OK, Level.FAIL]
    assert "allkeys-lru" in findings[1].words


def test_a_version_that_fails_is_found(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    assert {finding.level for finding in found(checkup.versions, settings)} == {Level.OK}
    monkeypatch.setitem(host.FLOORS, "faust-streaming", ((99, 0), "of a test"))
    assert found(checkup.versions, settings)[1].words.endswith("is too old: of a test")


def test_disk_is_measured_where_the_files_will_be(settings: Settings) -> None:
    later = settings.model_copy(update={"data_dir": settings.data_dir / "not" / "made"})
    assert only(checkup.disk, later).level is Level.OK
