"""A model that serves worse than the one before it is rolled back, on a real broker."""

from __future__ import annotations

import logging

import pytest

from recaug.kafka import read
from recaug.prequential.record import Cell, Record, Sums
from recaug.quality import Quality
from recaug.registry import ModelRecord
from recaug.settings import Settings
from streams.egress import Egress
from streams.egress import Record as Output
from streams.follower import Follower
from streams.learn import Learn, told
from streams.vectors import Vectors
from tests.recaug.test_registry import ABOUT


def reached(version: str | None, hits: int) -> bytes:
    """`hits` of 1,000 lists had their target at the top, none of the popular ones."""
    cell = Cell(
        source="clicks", bucket="short", targets=1_000, gain_squares=float(hits),
        served=Sums(hits=hits, ndcg=float(hits), mrr=float(hits)),
    )  # fmt: skip
    return Record(model="main", version=version, from_ms=0, to_ms=1, cells=(cell,)).to_bytes()


async def followed(
    settings: Settings, egress: Egress, *values: bytes, key: str = "main"
) -> Quality:
    """What learn knows after a start with these records on the topic."""
    topic = settings.topics.metrics.name
    await egress.send(Output(topic, key.encode(), value) for value in values)
    quality = Quality()
    follower = Follower(settings.broker, {topic: told(settings, quality)})
    assert follower.start()
    follower.close()
    return quality


async def test_a_worse_model_is_rolled_back_and_everybody_is_told(
    settings: Settings, egress: Egress, caplog: pytest.LogCaptureFixture
) -> None:
    quality = await followed(
        settings, egress, reached("v1", 500), reached("v2", 100), b"{", reached(None, 0)
    )
    assert "is passed over" in caplog.text
    learn = Learn(settings, egress, Vectors(settings, egress), quality)
    registry = learn._trainer.registry
    registry.write("main", "v1", {"x": b"x"}, ABOUT)
    registry.write("main", "v2", {"x": b"x"}, {**ABOUT, "parent": "v1"})
    registry.promote("main", "v2")
    with caplog.at_level(logging.ERROR):
        await learn._keep_the_better()
    assert "model v2 is rolled back: NDCG@10 over popularity" in caplog.text
    (said,) = read(settings.broker, [settings.topics.models.name])
    record = ModelRecord.model_validate_json(said.value or b"")
    assert (said.key, record.version) == (b"main", "v1")
    assert record.promotion == registry.promotion("main")
    await learn._keep_the_better()  # v1 had none before it
    assert registry.champion("main") == "v1"


async def test_another_models_records_are_not_this_ones(settings: Settings, egress: Egress) -> None:
    values = reached("v1", 500), reached("v2", 100)
    quality = await followed(settings, egress, *values, key="other")
    assert quality.regressed("v2", "v1") is None
