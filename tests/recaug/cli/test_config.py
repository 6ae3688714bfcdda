"""`recaug config`: every setting with its origin, secrets masked, mistakes named."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from recaug.local.instance import Running, write
from recaug.settings import Settings
from tests.recaug.cli.shell import Shell

SECRET = "hunter2-hunter2"


@pytest.fixture
def bare(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Shell:
    """A shell that names nothing but a data directory; no broker is needed to look at settings."""
    for name in list(os.environ):
        if name.startswith("RECAUG_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("RECAUG_DATA_DIR", str(tmp_path))
    return Shell(Settings(data_dir=tmp_path), capsys)


def shown(shell: Shell, *options: str) -> dict[str, dict[str, str]]:
    done = shell.run("config", "show", "-f", "jsonl", *options)
    return {row["setting"]: row for row in done.lines()}


def test_every_setting_is_shown_with_its_default(bare: Shell) -> None:
    found = shown(bare)
    assert set(found) == {f"RECAUG_{name.upper()}" for name in Settings.model_fields}
    assert (found["RECAUG_PARTITIONS"]["value"], found["RECAUG_PARTITIONS"]["origin"]) == (
        "4", "default",
    )  # fmt: skip
    assert found["RECAUG_REGISTRY_DIR"]["value"] == str(bare.settings.data_dir / "registry")
    assert set(shown(bare, "--changed")) == {"RECAUG_DATA_DIR"}


def test_option_environment_instance_and_default_in_this_order(
    bare: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert shown(bare, "kafka")["RECAUG_KAFKA"]["origin"] == "default"
    home = bare.settings.data_dir
    write(home, Running("k:1", "unix:///r", "http://p", os.getpid()))
    running = shown(bare)["RECAUG_KAFKA"]
    assert (running["value"], running["origin"]) == ("k:1", "instance")
    assert running["whence"] == str(home / "run.json")
    monkeypatch.setenv("RECAUG_KAFKA", "k:2")
    given = shown(bare)["RECAUG_KAFKA"]
    assert (given["value"], given["origin"], given["whence"]) == (
        "k:2", "environment", "RECAUG_KAFKA",
    )  # fmt: skip
    option = shown(bare, "--kafka", "k:3")["RECAUG_KAFKA"]
    assert (option["value"], option["origin"]) == ("k:3", "option")


def test_an_empty_variable_sets_nothing(bare: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RECAUG_PREFIX", "")
    assert shown(bare)["RECAUG_PREFIX"]["origin"] == "default"


def test_no_secret_is_ever_shown(
    bare: Shell, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("RECAUG_KAFKA_PASSWORD", SECRET)
    monkeypatch.setenv("RECAUG_REDIS", f"redis://:{SECRET}@store:6379")
    for form in ("text", "wide", "json", "jsonl"):
        done = bare.run("config", "show", "--origin", "-f", form)
        assert SECRET not in done.out + done.err
        assert "********" in done.out
    assert shown(bare)["RECAUG_REDIS_PASSWORD"]["whence"] == "RECAUG_REDIS"
    monkeypatch.delenv("RECAUG_KAFKA_PASSWORD")
    (tmp_path / "password").write_text(SECRET)
    monkeypatch.setenv("RECAUG_KAFKA_PASSWORD_FILE", str(tmp_path / "password"))
    found = shown(bare)["RECAUG_KAFKA_PASSWORD"]
    assert (found["value"], found["origin"]) == ("********", "file")
    assert found["whence"] == str(tmp_path / "password")


def test_what_is_misspelt_is_named_with_what_was_meant(
    bare: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert bare.run("config", "check").code == 0
    monkeypatch.setenv("RECAUG_PARTITION", "8")
    done = bare.run("config", "check")
    assert done.code == 1
    assert "RECAUG_PARTITION is no setting and does nothing" in done.out
    assert "rename it RECAUG_PARTITIONS" in done.out


def test_what_production_refuses_is_found_before_anything_runs(
    bare: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RECAUG_ENV", "production")
    done = bare.run("config", "check")
    assert done.code == 2
    assert "RECAUG_KAFKA_SECURITY=sasl_ssl" in done.out


def test_a_value_that_cannot_be_is_three_lines(
    bare: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RECAUG_PARTITIONS", "none")
    done = bare.run("config", "check")
    assert done.code == 2
    assert [line[:7] for line in done.err.splitlines()] == ["error: ", "why:   ", "try:   "]
    assert "RECAUG_PARTITIONS" in done.err
