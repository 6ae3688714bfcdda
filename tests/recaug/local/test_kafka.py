"""The real broker: first start, stop, kill, a taken port, damaged data."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from recaug.errors import Failure
from recaug.kafka import brokers, ensure_topics, producer, read
from recaug.local.kafka import LocalKafka
from recaug.local.ports import HOST
from recaug.settings import Settings


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[LocalKafka]:
    one = LocalKafka(tmp_path / "kafka", port=None)
    yield one
    one.stop()


def test_the_life_of_a_broker(tmp_path: Path) -> None:
    with socket.socket() as owner:
        owner.bind((HOST, 0))
        owner.listen()
        taken = owner.getsockname()[1]
        broker = LocalKafka(tmp_path / "kafka", port=taken)
        try:
            settings = Settings(kafka=broker.start(), partitions=1)
            # The taken port is left to its owner.
            assert settings.kafka != f"{HOST}:{taken}"
            assert broker.preferred == taken != broker.port
            survives_kill(broker, settings)
            damage_is_explained(broker)
        finally:
            broker.stop()


def survives_kill(broker: LocalKafka, settings: Settings) -> None:
    ensure_topics(settings)
    name = settings.topics.clickstream.name
    client = producer(settings.kafka)
    client.send(name, b"one").get(20)
    client.close()
    broker.kill()
    assert brokers(settings.kafka, 0.5) == 0
    assert broker.restart() == settings.kafka
    assert [r.value for r in read(settings.kafka, [name])] == [b"one"]


def damage_is_explained(broker: LocalKafka) -> None:
    broker.stop()
    (broker.directory / "logs" / "meta.properties").write_text("version=1\nnonsense\n")
    with pytest.raises(Failure, match="did not start") as failed:
        broker.start()
    assert "the broker ended: " in failed.value.why
    assert "--fresh" in failed.value.mend
    assert broker.process is None


def test_a_first_start_that_was_cut_short_is_recognised(broker: LocalKafka) -> None:
    (broker.directory / "logs" / "half").mkdir(parents=True)
    with pytest.raises(Failure, match="did not start") as failed:
        broker.start()
    assert "cut short" in failed.value.why
    assert "--fresh" in failed.value.mend
