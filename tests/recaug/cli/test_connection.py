"""Where a command finds its broker: flag, environment, running instance, default."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from recaug.cli.connection import connect, page_address
from recaug.local.instance import Running, write


@pytest.fixture(autouse=True)
def no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("RECAUG_KAFKA", "RECAUG_REDIS", "RECAUG_DATA_DIR"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def running(tmp_path: Path) -> Path:
    write(tmp_path, Running("k:1", "unix:///r", "http://p", os.getpid()))
    return tmp_path


def test_a_running_instance_is_found(running: Path) -> None:
    settings = connect(data_dir=running)
    assert (settings.kafka, settings.redis) == ("k:1", "unix:///r")
    assert settings.registry == running / "registry"
    assert page_address(running) == "http://p"


def test_the_environment_wins_over_the_instance(
    running: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RECAUG_KAFKA", "k:2")
    assert connect(data_dir=running).kafka == "k:2"
    assert connect(data_dir=running).redis == "unix:///r"


def test_the_flag_wins_over_everything(running: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RECAUG_KAFKA", "k:2")
    settings = connect("k:3", "redis://r3", running)
    assert (settings.kafka, settings.redis) == ("k:3", "redis://r3")


def test_an_instance_that_was_killed_does_not_count(tmp_path: Path) -> None:
    write(tmp_path, Running("k:1", "unix:///r", "http://p", 2**22 + 1))
    assert connect(data_dir=tmp_path).kafka == "127.0.0.1:9092"
    assert page_address(tmp_path) is None


def test_the_environment_names_the_directory(
    running: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RECAUG_DATA_DIR", str(running))
    assert connect().kafka == "k:1"
