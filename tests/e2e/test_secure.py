"""Kafka and Redis as production has them: each service is let in by name, and no further."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
import redis
from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient
from pydantic import SecretStr

from recaug.errors import Failure
from recaug.follow import Follower
from recaug.kafka import admin, ensure_topics, read
from recaug.lag.commits import Commits
from recaug.local.supervise import ready_line
from recaug.producer import Producer
from recaug.security import librdkafka_options, redis_options
from recaug.settings import SERVICES, Settings
from recaug.state import StoreUnavailable, open_store
from streams.egress import DeliveryFailed, Egress, Record
from tests.e2e.house import COMMAND, ROOT, until
from tests.e2e.secured import (
    ADMIN,
    Secured,
    make_certificates,
    principal,
    run_service,
)

pytestmark = pytest.mark.e2e

EVENTS = 60


@pytest.fixture(scope="module")
def secured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Secured]:
    made = Secured(tmp_path_factory.mktemp("secured"))
    try:
        made.start()
        ensure_topics(made.settings(ADMIN))
        made.allow()
        yield made
    finally:
        made.stop()


@pytest.fixture(scope="module")
def strangers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The certificate of a CA that has signed nothing here."""
    return make_certificates(tmp_path_factory.mktemp("strangers") / "certificates").ca


def test_each_service_does_its_work_as_itself_and_leaves_no_secret_behind(
    secured: Secured,
) -> None:
    data = secured.directory / "data"
    running = {
        name: run_service(secured, name, secured.settings(name, data_dir=data, log_level="debug"))
        for name in SERVICES
    }
    logs = {name: secured.directory / f"{name}.log" for name in SERVICES}
    try:
        for log in logs.values():
            until(lambda log=log: ready_line(log, 0) is not None, 120.0, log.read_text)
        assert _answered(secured) == EVENTS
        _assert_state_is_stored(secured)
        _assert_looking_is_allowed(secured)
        shown = [Path(f"/proc/{one.pid}/cmdline").read_bytes() for one in running.values()]
    finally:
        for one in running.values():
            one.send_signal(signal.SIGTERM)
        codes = {name: one.wait(60) for name, one in running.items()}
    assert codes == dict.fromkeys(SERVICES, 0)
    said = "".join(log.read_text() for log in logs.values())
    assert "uthorization" not in said, said[-3_000:]
    files = [path for path in data.rglob("*") if path.is_file()]
    left = b"".join([said.encode(), *shown, *(path.read_bytes() for path in files)])
    for secret in secured.passwords.values():
        assert secret.encode() not in left


def _answered(secured: Secured) -> int:
    """Send events as a producer, and count the answers as an operator."""
    operator, sender = secured.settings("operator"), secured.settings("producer")
    now_ms = int(time.time() * 1_000)
    with (
        Follower(operator.broker, [operator.topics.recommendations.name]) as follower,
        Producer(sender.broker, sender.prefix) as producer,
    ):
        for number in range(EVENTS):
            producer.send(
                {
                    "event": "click", "event_id": f"e{number}", "timestamp": now_ms + number,
                    "user_id": f"u{number}", "item_id": f"i{number % 7}",
                }
            )  # fmt: skip
        producer.flush()
        answered = set()
        for record in follower.records(60.0):
            answered.add(record.key)
            if len(answered) == EVENTS:
                break
    return len(answered)


def _assert_state_is_stored(secured: Secured) -> None:
    """By the position that recommend keeps with it; it is written after the answers."""
    server = secured.settings("recommend").redis_server
    with redis.Redis.from_url(server.url, **redis_options(server)) as store:
        keys = [f"shop.recaug:{{{number}}}:state" for number in range(2)]
        until(lambda: sum(int(store.hget(key, "next") or 0) for key in keys) == EVENTS, 30.0)


def _assert_looking_is_allowed(secured: Secured) -> None:
    """A service's health check runs as that service, everything else as an operator."""
    until(lambda: _commits_are_seen(secured), 30.0)
    looks = [
        *((service, ["lag", "--service", service]) for service in SERVICES),
        ("operator", ["lag"]),
        ("operator", ["doctor"]),
        ("operator", ["topics", "check"]),
    ]
    asked = [
        subprocess.Popen(
            [*COMMAND, *command],
            cwd=ROOT, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            env=secured.environment(secured.settings(name, data_dir=secured.directory / "data")),
        )
        for name, command in looks
    ]  # fmt: skip
    for one, look in zip(asked, looks, strict=True):
        said, _ = one.communicate(timeout=120)
        assert one.returncode in (0, 1), f"{look}\n{said}"


def _commits_are_seen(secured: Secured) -> bool:
    settings = secured.settings("operator")
    with closing(Commits(settings.broker, map(settings.group, SERVICES))) as commits:
        return bool(commits.newest(int(time.time() * 1_000)))


# ------------------------------------------------------------------------------------- let in


def test_a_wrong_password_is_refused_in_words(secured: Secured) -> None:
    settings = secured.settings("clean")
    wrong = replace(settings.broker, password=SecretStr("not-the-password"))
    with pytest.raises(Failure) as told:
        admin(wrong)
    assert told.value.what == f"Kafka at {settings.kafka} does not let recaug-clean in"
    assert "RECAUG_KAFKA_PASSWORD" in told.value.mend
    assert "not-the-password" not in told.value.explain()


def test_a_service_with_a_wrong_password_ends_with_three_lines(secured: Secured) -> None:
    settings = secured.settings(
        "learn", kafka_password_file=secured.directory / "clean.secret", worker="wrong"
    )
    process = run_service(secured, "learn", settings, log="refused")
    assert process.wait(60) == 2
    said = (secured.directory / "refused.log").read_text()
    assert "error: Kafka at " in said and "why:" in said and "try:" in said
    assert "Traceback" not in said and secured.passwords["clean"] not in said


def test_a_certificate_of_an_unknown_ca_is_refused(secured: Secured, strangers: Path) -> None:
    settings = secured.settings("clean", kafka_ca=strangers, redis_ca=strangers)
    with pytest.raises(Failure, match="not accepted") as told:
        admin(settings.broker)
    assert "RECAUG_KAFKA_CA" in told.value.mend
    client = AdminClient({**librdkafka_options(settings.broker), "log_level": 0})
    with pytest.raises(KafkaException):
        client.list_topics(timeout=2)
    with pytest.raises(StoreUnavailable, match="certificate verify failed"):
        asyncio.run(_ping(settings))


def test_a_client_in_the_clear_is_told_to_use_tls(secured: Secured) -> None:
    with pytest.raises(Failure, match="RECAUG_KAFKA_SECURITY"):
        admin(replace(secured.settings("clean").broker, security="plaintext"), 2.0)


# -------------------------------------------------------------------------- let in, and no further


def test_a_service_cannot_write_what_is_anothers(secured: Secured) -> None:
    clean = secured.settings("clean")
    theirs = clean.topics.recommendations
    with (
        Producer(clean.broker, clean.prefix) as producer,
        pytest.raises(Failure, match="TopicAuthorizationFailed"),
    ):
        producer.send(b"{}", topic=theirs, key="u1")
        producer.flush()
    egress = Egress(clean.broker)
    try:
        with pytest.raises(DeliveryFailed, match="Topic authorization failed"):
            asyncio.run(egress.send([Record(theirs.name, b"u1", b"{}")]))
        asyncio.run(egress.send([Record(clean.topics.dead_letters.name, b"u1", b"{}")]))
    finally:
        egress.close()
    operator = secured.settings("operator")
    written = read(operator.broker, [theirs.name, clean.topics.dead_letters.name])
    assert [record.topic for record in written if record.value == b"{}"] == [
        clean.topics.dead_letters.name
    ]


def test_a_service_cannot_make_topics(secured: Secured) -> None:
    with pytest.raises(Failure, match="topics are missing") as told:
        ensure_topics(secured.settings("clean", prefix="elsewhere."))
    assert "python -m streams topics" in told.value.mend


def test_redis_lets_recommend_at_its_keys_only(secured: Secured) -> None:
    server = secured.settings("recommend").redis_server
    with redis.Redis.from_url(server.url, **redis_options(server)) as store:
        assert store.set("shop.recaug:{0}:u:someone", b"", ex=60)
        for forbidden in (
            lambda: store.get("shop.recaug:{0}:u:someone"),
            lambda: store.set("other.recaug:{0}:u:someone", b""),
            lambda: store.flushall(),
            lambda: store.keys("*"),
            lambda: store.config_get("*"),
        ):
            with pytest.raises(redis.exceptions.NoPermissionError):
                forbidden()
    looking = secured.settings("operator").redis_server
    with redis.Redis.from_url(looking.url, **redis_options(looking)) as store:
        assert store.info()["redis_version"]
        with pytest.raises(redis.exceptions.NoPermissionError):
            store.set("shop.recaug:{0}:u:someone", b"")


def test_redis_refuses_a_wrong_password_in_words(secured: Secured) -> None:
    settings = secured.settings("recommend", redis_password_file=secured.directory / "clean.secret")
    with pytest.raises(StoreUnavailable) as told:
        asyncio.run(_ping(settings))
    assert f"{principal('recommend')}@" in told.value.what
    assert secured.passwords["clean"] not in told.value.explain()


async def _ping(settings: Settings) -> None:
    store = open_store(settings)
    try:
        await store.load(0)
    finally:
        await store.close()
        # A connection over TLS says goodbye in the background, which ends with the loop.
        await asyncio.sleep(0.5)
