"""What settings become for each client, what is refused, and that secrets are shown nowhere."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pytest
from kafka import KafkaAdminClient
from pydantic import SecretStr

from recaug.connect import broker_of
from recaug.errors import Failure
from recaug.kafka import admin
from recaug.security import (
    Broker,
    RedisServer,
    kafka_python_options,
    librdkafka_options,
    redis_options,
    split_password,
    ssl_context,
)
from recaug.settings import Settings
from recaug.state import open_store

PASSWORD = "pa55-w0rd"


def named(**more: Any) -> Settings:
    """A production installation that is configured as it should be, but for `more`."""
    full: dict[str, Any] = {
        "env": "production",
        "kafka": "k1:9093, k2:9093",
        "kafka_security": "sasl_ssl",
        "kafka_username": "recaug-clean",
        "kafka_password": PASSWORD,
    }
    return Settings(**{**full, **more})


def test_plaintext_options_are_the_addresses_and_nothing_else() -> None:
    broker = Settings(kafka="k1:9092, k2:9092").broker
    assert kafka_python_options(broker) == {"bootstrap_servers": ["k1:9092", "k2:9092"]}
    assert librdkafka_options(broker) == {"bootstrap.servers": "k1:9092, k2:9092"}
    assert redis_options(Settings(redis="unix:///r").redis_server) == {}


def test_each_client_gets_its_own_names_for_the_same() -> None:
    broker = named().broker
    ours, theirs = kafka_python_options(broker), librdkafka_options(broker)
    assert (ours["security_protocol"], theirs["security.protocol"]) == ("SASL_SSL", "SASL_SSL")
    assert ours["sasl_mechanism"] == theirs["sasl.mechanism"] == "SCRAM-SHA-512"
    assert ours["sasl_plain_username"] == theirs["sasl.username"] == "recaug-clean"
    assert ours["sasl_plain_password"] == theirs["sasl.password"] == PASSWORD
    assert ours["ssl_context"].check_hostname
    assert "ssl.ca.location" not in theirs


def test_tls_without_a_name_needs_no_credentials() -> None:
    broker = Settings(env="production", kafka_security="ssl").broker
    assert kafka_python_options(broker)["security_protocol"] == "SSL"
    assert librdkafka_options(broker)["security.protocol"] == "SSL"
    assert not [name for name in kafka_python_options(broker) if "sasl" in name]


def test_redis_over_tls_demands_a_certificate_for_the_name() -> None:
    server = RedisServer("rediss://recommend@r:6380", SecretStr(PASSWORD), Path("/ca.pem"))
    assert redis_options(server) == {
        "password": PASSWORD,
        "ssl_cert_reqs": "required",
        "ssl_check_hostname": True,
        "ssl_ca_certs": "/ca.pem",
    }


@pytest.mark.parametrize(
    ("settings", "mend"),
    [
        ({"kafka_security": "plaintext"}, "RECAUG_KAFKA_SECURITY=sasl_ssl"),
        ({"kafka_username": ""}, "RECAUG_KAFKA_USERNAME"),
        ({"kafka_password": ""}, "RECAUG_KAFKA_PASSWORD_FILE"),
        ({"kafka_ca": "/not/there.pem"}, "RECAUG_KAFKA_CA"),
    ],
)
def test_a_broker_that_may_not_be_talked_to_is_refused(settings: Any, mend: str) -> None:
    with pytest.raises(Failure) as told:
        _ = named(**settings).broker
    assert mend in told.value.mend
    assert PASSWORD not in told.value.explain()


def test_nothing_is_connected_before_it_is_refused() -> None:
    # Port 1 answers nobody: a connection tried first would be `Unreachable` after a wait.
    settings = Settings(env="production", kafka="127.0.0.1:1")
    with pytest.raises(Failure, match="plaintext") as told:
        admin(settings.broker)
    assert type(told.value) is Failure


def test_a_bare_address_is_no_way_round(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RECAUG_ENV", "production")
    with pytest.raises(Failure, match="plaintext"):
        admin("127.0.0.1:1")
    monkeypatch.setenv("RECAUG_KAFKA_SECURITY", "sasl_ssl")
    monkeypatch.setenv("RECAUG_KAFKA_USERNAME", "recaug-page")
    monkeypatch.setenv("RECAUG_KAFKA_PASSWORD", PASSWORD)
    broker = broker_of("k:9093")
    assert (broker.servers, broker.security, broker.username) == (
        "k:9093",
        "sasl_ssl",
        "recaug-page",
    )


@pytest.mark.parametrize("url", ["redis://r:6379/0", "redis://u@r", "REDISS://r", "http://r"])
def test_redis_in_the_clear_is_refused_in_production(url: str) -> None:
    with pytest.raises(Failure) as told:
        open_store(named(redis=url))
    assert "rediss://" in told.value.mend


@pytest.mark.parametrize("url", ["rediss://u@r:6380", "unix:///run/redis.sock", ""])
def test_redis_over_tls_a_socket_or_none_is_not(url: str) -> None:
    assert str(named(redis=url).redis_server) == url


def test_a_misspelt_environment_is_not_taken_for_development() -> None:
    with pytest.raises(Failure, match="RECAUG_ENV"):
        Settings(env="prod")


# ------------------------------------------------------------------------------------ secrets


def test_a_secret_is_read_from_its_file_without_the_end_of_its_line(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text(f"{PASSWORD}\n")
    broker = named(kafka_password="", kafka_password_file=file).broker
    assert broker.password.get_secret_value() == PASSWORD
    server = Settings(redis="rediss://r", redis_password_file=file).redis_server
    assert server.password.get_secret_value() == PASSWORD


@pytest.mark.parametrize("content", [b"", b"\n", b"two\nlines\n", b"\xff\xfe", b"x" * 5_000])
def test_a_file_that_holds_no_secret_is_refused_and_not_quoted(
    content: bytes, tmp_path: Path
) -> None:
    file = tmp_path / "secret"
    file.write_bytes(content)
    with pytest.raises(Failure) as told:
        _ = named(kafka_password="", kafka_password_file=file).broker
    assert "RECAUG_KAFKA_PASSWORD_FILE" in told.value.what
    assert "two" not in told.value.explain() and "xxx" not in told.value.explain()


def test_a_secret_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Failure, match="No such file"):
        _ = Settings(redis="rediss://r", redis_password_file=tmp_path / "no").redis_server


def test_files_and_empty_variables_are_taken_from_the_environment(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "secret").write_text(PASSWORD)
    monkeypatch.setenv("RECAUG_KAFKA_PASSWORD_FILE", str(tmp_path / "secret"))
    for empty in ("ENV", "KAFKA_SECURITY", "KAFKA_CA", "REDIS_PASSWORD_FILE", "PARTITIONS"):
        monkeypatch.setenv(f"RECAUG_{empty}", "")
    settings = Settings(kafka_username="u").model_copy(update={"kafka_security": "sasl_ssl"})
    assert settings.broker.password.get_secret_value() == PASSWORD
    assert (settings.env, settings.partitions) == ("development", 4)


def test_no_repr_shows_a_secret() -> None:
    settings = named(redis=f"rediss://u:{PASSWORD}@r:6380", redis_password=PASSWORD)
    shown = [
        settings,
        settings.broker,
        settings.redis_server,
        kafka_python_options(settings.broker),
    ]
    for one in shown:
        assert PASSWORD not in f"{one!r} {one!s}"
    assert PASSWORD not in settings.model_dump_json()


def test_a_wrong_setting_is_not_quoted() -> None:
    with pytest.raises(Failure, match="RECAUG_KAFKA_SECURITY") as told:
        Settings(kafka_password=PASSWORD, kafka_security=PASSWORD)
    assert PASSWORD not in told.value.explain()


def test_kafka_python_logs_its_options_without_the_secret(
    caplog: pytest.LogCaptureFixture, kafka: str
) -> None:
    # This broker knows no names; what counts is what is logged before it is asked.
    options = kafka_python_options(Broker(kafka, "sasl_ssl", "u", SecretStr(PASSWORD)))
    with caplog.at_level(logging.DEBUG, logger="kafka"):
        KafkaAdminClient(**{**options, "security_protocol": "PLAINTEXT"}).close()
    assert "sasl_plain_password" in caplog.text
    assert PASSWORD not in caplog.text


@pytest.mark.parametrize(
    ("url", "shown", "password"),
    [
        ("rediss://u:p%40ss@h:6380/0", "rediss://u@h:6380/0", "p@ss"),
        ("redis://:pw@h/1", "redis://h/1", "pw"),
        ("redis://u@h", "redis://u@h", ""),
        ("unix:///run/a:b@c/r.sock", "unix:///run/a:b@c/r.sock", ""),
        ("redis://h:1/0?password=pw&db=2", "redis://h:1/0?db=2", "pw"),
        ("", "", ""),
    ],
)
def test_a_password_is_taken_out_of_a_url(url: str, shown: str, password: str) -> None:
    found, secret = split_password(url)
    assert (found, secret.get_secret_value()) == (shown, password)
    settings = Settings(redis=url)
    assert settings.redis == shown
    assert settings.redis_server.password.get_secret_value() == password


def test_a_file_without_certificates_is_refused(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("not a certificate")
    with pytest.raises(Failure, match="cannot be used"):
        ssl_context(tmp_path / "ca.pem")
