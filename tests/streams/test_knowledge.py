"""Which announced models a worker serves: signed, whole, and never an older one again."""

from __future__ import annotations

import json
import logging
import shutil
from pathlib import Path

import pytest

from recaug.promotion import Promotion
from recaug.recommend import Recommender
from recaug.registry import ModelRecord, Registry
from recaug.settings import Settings
from recaug.signing import Keys
from streams.follower import Followed
from streams.knowledge import Knowledge
from tests.recaug import tiny

VECTORS = {"a": [1.0, 0.0], "b": [0.0, 1.0]}


class Worker:
    """What a worker knows, and how it is told."""

    def __init__(self, settings: Settings) -> None:
        self.recommender = Recommender(settings)
        self._knowledge = Knowledge(settings, self.recommender)

    def hears(self, *values: bytes | None, key: str = "main") -> str | None:
        """Tell it; returns the version it serves then."""
        for value in values:
            self._knowledge._on_model(Followed(key, value, {}))
        version: str | None = self.recommender.model["version"]
        return version


class House:
    """A registry with its key, and the workers that trust it."""

    def __init__(self, place: Path) -> None:
        self.settings = Settings(data_dir=place)
        self.keys = Keys.of(self.settings)
        self.keys.ensure()
        self.registry = Registry(self.settings.registry, self.keys)

    def promote(self, version: str) -> bytes:
        """Write the version if it is not there yet, promote it; returns the announcement."""
        if version not in self.registry.versions("main"):
            self.write(version)
        return self.announce(self.registry.promote("main", version))

    def write(self, version: str) -> None:
        tiny.bundle(self.settings.registry, VECTORS, version, keys=self.keys)

    def announce(self, promotion: Promotion) -> bytes:
        about = ModelRecord.about(self.registry.open("main", promotion.version))
        return about.of(promotion).model_dump_json().encode()


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path / "data")


def test_what_is_promoted_is_served(house: House) -> None:
    worker = Worker(house.settings)
    assert worker.hears(house.promote("v1")) == "v1"
    assert worker.hears(house.promote("v2")) == "v2"


def test_an_old_announcement_moves_nothing(house: House, caplog: pytest.LogCaptureFixture) -> None:
    first, second = house.promote("v1"), house.promote("v2")
    worker = Worker(house.settings)
    assert worker.hears(first, second, first) == "v2"
    assert "refused model v1: a later promotion has been served" in caplog.text


def test_nor_after_a_restart(house: House) -> None:
    first, second = house.promote("v1"), house.promote("v2")
    Worker(house.settings).hears(first, second)
    restarted = Worker(house.settings)
    assert restarted.hears(first) is None  # the topic was compacted to the old one
    assert restarted.hears(second) == "v2"


def test_a_restart_passes_over_the_promotions_of_the_past_quietly(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    told = [house.promote(version) for version in ("v1", "v2", "v3")]
    Worker(house.settings).hears(*told)
    caplog.clear()
    assert Worker(house.settings).hears(*told) == "v3"
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []


def test_a_rollback_is_a_promotion_and_may_be_undone(house: House) -> None:
    worker = Worker(house.settings)
    first = house.promote("v1")
    told = [first, house.promote("v2"), house.promote("v1")]
    assert worker.hears(*told) == "v1"
    assert worker.hears(first, told[1]) == "v1"  # the promotion that was taken back
    assert worker.hears(house.promote("v2")) == "v2"


def test_nobody_else_can_promote(
    house: House, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Whoever may write to the registry and to the topic, but has not the key."""
    worker = Worker(house.settings)
    assert worker.hears(house.promote("v1")) == "v1"
    foreign = House(tmp_path / "foreign")
    told = foreign.promote("v9")
    shutil.copytree(foreign.registry.root / "main" / "v9", house.registry.root / "main" / "v9")
    assert worker.hears(told) == "v1"
    assert "refused model v9: no trusted key signed its promotion" in caplog.text


def test_a_key_that_comes_with_the_bundle_is_not_trusted(house: House, tmp_path: Path) -> None:
    worker, foreign = Worker(house.settings), House(tmp_path / "foreign")
    told = foreign.promote("v9")
    home = house.registry.root / "main"
    shutil.copytree(foreign.registry.root / "main" / "v9", home / "v9")
    for place in (home / "v9", home, house.registry.root):
        shutil.copy(foreign.keys.trusted, place / "signing.pub")
    assert worker.hears(told) is None


def test_a_signed_promotion_of_an_unsigned_bundle_is_refused(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    worker, told = Worker(house.settings), house.promote("v1")
    (house.registry.root / "main" / "v1" / "manifest.sig").unlink()
    assert worker.hears(told) is None
    assert "it has no signature" in caplog.text


def test_a_flipped_bit_is_refused_and_the_one_before_serves_on(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    worker = Worker(house.settings)
    told = [house.promote("v1"), house.promote("v2")]
    graph = house.registry.root / "main" / "v2" / "encoder.onnx"
    graph.write_bytes(bytes([graph.read_bytes()[0] ^ 1]) + graph.read_bytes()[1:])
    assert worker.hears(*told) == "v1"
    assert "refused model v2" in caplog.text
    assert "does not have the hash" in caplog.text


def test_what_was_refused_does_not_raise_the_floor(house: House) -> None:
    worker = Worker(house.settings)
    told = [house.promote("v1"), house.promote("v2")]
    shutil.rmtree(house.registry.root / "main" / "v2")
    restarted_before = worker.hears(*told)
    assert restarted_before == "v1"
    assert Worker(house.settings).hears(*told) == "v1"


@pytest.mark.parametrize(
    "value",
    [
        b"", b"{", b"[]", b"\xff", b"null",
        json.dumps({"name": "main", "version": "v2"}).encode(),
        ModelRecord(
            name="main", version="v2", promoted=True, reason="forged", events=0, metrics={},
            train_seconds=0, device="cpu", created_at="2026-01-01T00:00:00Z",
        ).model_dump_json().encode(),
    ],
)  # fmt: skip
def test_an_announcement_that_is_none_changes_nothing(
    house: House, value: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    worker = Worker(house.settings)
    assert worker.hears(house.promote("v1"), value) == "v1"
    assert "refused model" in caplog.text


def test_a_promotion_of_another_model_or_none_is_not_for_this_one(house: House) -> None:
    worker, told = Worker(house.settings), house.promote("v1")
    assert worker.hears(told, key="other") is None
    assert worker.hears(None) is None
    assert worker.hears(told) == "v1"
    assert worker.hears(None) == "v1"


def test_without_a_trusted_key_nothing_is_served_and_the_log_says_why(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    worker, told = Worker(house.settings), house.promote("v1")
    house.keys.trusted.unlink()
    assert worker.hears(told) is None
    assert "no signature can be checked" in caplog.text
