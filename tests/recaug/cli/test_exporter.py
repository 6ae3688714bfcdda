"""`recaug exporter` in a process of its own: without a broker, and until it is stopped."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from recaug.kafka import ensure_topics
from recaug.local.kafka import LocalKafka
from recaug.local.ports import free_port, listens
from recaug.settings import Settings
from tests.recaug.cli.shell import Shell
from tests.recaug.exporter.serving import until
from tests.recaug.exporter.strict import Page, parse
from tests.recaug.page.web import Client


@contextmanager
def started(kafka: str) -> Iterator[tuple[Client, subprocess.Popen[bytes]]]:
    port = free_port()
    env = {**os.environ, "RECAUG_KAFKA": kafka}
    command = [sys.executable, "-m", "recaug", "exporter", "--listen", f"127.0.0.1:{port}"]
    with subprocess.Popen(command, env=env, stderr=subprocess.DEVNULL) as process:
        try:
            deadline = time.monotonic() + 60
            while not listens(port):
                assert process.poll() is None
                assert time.monotonic() < deadline
                time.sleep(0.1)
            yield Client(f"http://127.0.0.1:{port}"), process
        finally:
            process.kill()


def page(client: Client) -> Page:
    return parse(client.get("/metrics").body.decode())


def test_it_serves_until_it_is_told_to_stop() -> None:
    with started("127.0.0.1:1") as (client, process):
        assert page(client).at("recaug_kafka_up") == 0
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) in (0, -signal.SIGTERM)


def test_a_broker_that_goes_and_comes_back_is_told(tmp_path: Path) -> None:
    broker = LocalKafka(tmp_path, port=None)
    try:
        settings = Settings(kafka=broker.start(), partitions=1)
        ensure_topics(settings)
        with started(settings.kafka) as (client, _):
            until(client, "/readyz", 200)
            assert page(client).of("kafka_consumergroup_group_lag")
            broker.stop()
            until(client, "/readyz", 503, within_s=60)
            without = page(client)
            assert without.at("recaug_kafka_up") == 0
            assert not any(name.startswith("kafka_") for name in without.kinds)
            broker.restart()
            until(client, "/readyz", 200, within_s=90)
            assert page(client).of("kafka_consumergroup_group_lag")
    finally:
        broker.stop()


def test_a_port_that_is_taken_says_what_to_type(shell: Shell) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = shell.run("exporter", "--listen", f"127.0.0.1:{port}")
    assert done.code == 2
    assert [line.split(":")[0] for line in done.err.splitlines()] == ["error", "why", "try"]
    assert "recaug exporter --listen 127.0.0.1:" in done.err


def test_an_address_without_a_port_is_wrong_usage(shell: Shell) -> None:
    assert shell.run("exporter", "--listen", "localhost").code == 64
