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


def test_acknowledged_records_outlive_kill_and_stop(broker: LocalKafka) -> None:
    said: list[str] = []
    settings = Settings(kafka=broker.start(said.append), partitions=1)
    assert any("formatting" in line for line in said)
    ensure_topics(settings)
    name = settings.topics.clickstream.name
    client = producer(settings.kafka)
    client.send(name, b"one").get(20)
    client.close()

    broker.kill()
    assert brokers(settings.kafka, 0.5) == 0
    assert broker.restart() == settings.kafka
    assert [r.value for r in read(settings.kafka, [name])] == [b"one"]

    broker.stop()
    again = LocalKafka(broker.directory, port=None)
    try:
        said.clear()
        address = again.start(said.append)
        assert not any("formatting" in line for line in said)
        assert [r.value for r in read(address, [name])] == [b"one"]
    finally:
        again.stop()


def test_a_taken_port_is_left_to_its_owner(tmp_path: Path) -> None:
    with socket.socket() as owner:
        owner.bind((HOST, 0))
        owner.listen()
        taken = owner.getsockname()[1]
        broker = LocalKafka(tmp_path / "kafka", port=taken)
        try:
            assert broker.start() != f"{HOST}:{taken}"
            assert broker.preferred == taken != broker.port
        finally:
            broker.stop()


def test_a_first_start_that_was_cut_short_is_recognised(broker: LocalKafka) -> None:
    (broker.directory / "logs" / "half").mkdir(parents=True)
    with pytest.raises(Failure, match="did not start") as failed:
        broker.start()
    assert "cut short" in failed.value.why
    assert "--fresh" in failed.value.mend


def test_damaged_data_is_a_failure_that_says_why(broker: LocalKafka) -> None:
    broker.start()
    broker.stop()
    (broker.directory / "logs" / "meta.properties").write_text("version=1\nnonsense\n")
    with pytest.raises(Failure, match="did not start") as failed:
        broker.start()
    assert "the broker ended: " in failed.value.why
    assert broker.process is None
