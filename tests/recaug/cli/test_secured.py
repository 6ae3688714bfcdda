"""What the command refuses before it connects to anything."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.recaug.cli.shell import Shell

PASSWORD = "pa55-w0rd"


@pytest.mark.parametrize("command", ["lag", "tail", "doctor"])
def test_production_in_the_clear_is_refused_in_three_lines(
    shell: Shell, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    monkeypatch.setenv("RECAUG_ENV", "production")
    done = shell.run(command)
    assert done.code == 2
    said = done.out + done.err
    assert "plaintext" in said and "RECAUG_KAFKA_SECURITY=sasl_ssl" in said


@pytest.mark.parametrize(
    ("variable", "value", "server"),
    [
        ("RECAUG_ENV", "production", "Kafka"),
        ("RECAUG_KAFKA_SECURITY", "ssl", "Kafka"),
        ("RECAUG_REDIS_PASSWORD", PASSWORD, "Redis"),
    ],
)
def test_up_starts_no_server_that_is_not_as_secure_as_asked(
    shell: Shell, monkeypatch: pytest.MonkeyPatch, tmp_path: Path,
    variable: str, value: str, server: str,
) -> None:  # fmt: skip
    for name in ("RECAUG_KAFKA", "RECAUG_REDIS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv(variable, value)
    done = shell.run("up", "--data-dir", str(tmp_path / "data"), "--traffic", "none")
    assert done.code == 2
    assert f"no {server} is started here" in done.err and PASSWORD not in done.err
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize("command", ["up", "doctor"])
def test_a_password_on_the_command_line_is_refused_and_not_repeated(
    shell: Shell, command: str
) -> None:
    done = shell.run(command, "--redis", f"rediss://recommend:{PASSWORD}@host:6380/0")
    assert done.code == 2
    assert "RECAUG_REDIS_PASSWORD" in done.err
    assert PASSWORD not in done.out + done.err
