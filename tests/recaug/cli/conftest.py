"""A shell in which every command means the installation of the test."""

from __future__ import annotations

import pytest

from recaug.settings import Settings
from tests.recaug.cli.shell import Shell


@pytest.fixture
def shell(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Shell:
    monkeypatch.setenv("RECAUG_KAFKA", settings.kafka)
    monkeypatch.setenv("RECAUG_REDIS", settings.redis)
    monkeypatch.setenv("RECAUG_PREFIX", settings.prefix)
    monkeypatch.setenv("RECAUG_DATA_DIR", str(settings.data_dir))
    return Shell(settings, capsys)
