"""The real broker and the real store, started once per test run from the packages."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest

from recaug.local.kafka import LocalKafka
from recaug.local.redis import LocalRedis
from recaug.settings import Settings

pytest_plugins = ["tests.e2e.faults.summary"]


def pytest_configure(config: pytest.Config) -> None:
    # kafka-python 3.0 reads its schemas with functions that Python 3.11 calls deprecated.
    config.addinivalue_line(
        "filterwarnings", "ignore:(read|open)_text is deprecated:DeprecationWarning"
    )

    # A deadline would be a timing assertion, and the machines that run this are shared.
    hypothesis.settings.register_profile("recaug", deadline=None)
    hypothesis.settings.load_profile("recaug")


@pytest.fixture(scope="session", autouse=True)
def _half_open_sockets() -> None:
    from tests import half_open  # kafka-python, whose import warns: see above

    half_open.forgive()


@pytest.fixture(scope="session")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Bootstrap address of a broker of this run's own; topics are told apart by prefix."""
    broker = LocalKafka(tmp_path_factory.mktemp("kafka"), port=None)
    try:
        yield broker.start()
    finally:
        broker.stop()


@pytest.fixture(scope="session")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """URL of a store of this run's own; keys are told apart by prefix."""
    store = LocalRedis(tmp_path_factory.mktemp("redis"))
    try:
        yield store.start()
    finally:
        store.stop()


@pytest.fixture
def prefix() -> str:
    """A name nobody else uses, for topics, groups and keys."""
    return f"t{uuid.uuid4().hex[:10]}."


@pytest.fixture
def settings(kafka: str, redis_url: str, prefix: str, tmp_path: Path) -> Settings:
    """Settings of an installation that shares nothing with another test's."""
    return Settings(kafka=kafka, redis=redis_url, prefix=prefix, partitions=2, data_dir=tmp_path)
