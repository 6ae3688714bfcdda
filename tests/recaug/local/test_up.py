"""`recaug up` as a person uses it: start, look, stop, start again, pull the plug."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from recaug.kafka import end_offsets
from recaug.local.instance import Running, read
from recaug.local.ports import HOST, free_port
from recaug.local.process import identity
from recaug.settings import Settings

pytestmark = pytest.mark.e2e

PATIENCE_S = 240.0


class Terminal:
    """Runs `recaug up` in a data directory."""

    def __init__(self, data_dir: Path, env: dict[str, str]) -> None:
        self.data_dir = data_dir
        self.env = {**os.environ, **env}
        self.log = data_dir.parent / "up.log"
        self.process: subprocess.Popen[bytes] | None = None

    def up(self, *options: str) -> subprocess.Popen[bytes]:
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "recaug", "up", "--data-dir", str(self.data_dir), *options],
                stderr=log,
                stdout=log,
                env=self.env,
            )
        return self.process

    def until_up(self) -> Running:
        self.until(lambda: " is up" in self.log.read_text())
        running = read(self.data_dir)
        assert running is not None
        return running

    def wait(self) -> int:
        assert self.process is not None
        return self.process.wait(PATIENCE_S)

    def told(self) -> str:
        return self.log.read_text()

    def until(self, holds: Callable[[], bool]) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while not holds():
            assert self.process is not None
            assert self.process.poll() is None, self.told()
            assert time.monotonic() < deadline, self.told()
            time.sleep(0.1)


@pytest.fixture
def shared(settings: Settings, tmp_path: Path) -> Iterator[Terminal]:
    """Uses the broker and the store of this test run."""
    env = {"RECAUG_PREFIX": settings.prefix, "RECAUG_PARTITIONS": "2"}
    terminal = Terminal(
        tmp_path / "data", {**env, "RECAUG_KAFKA": settings.kafka, "RECAUG_REDIS": settings.redis}
    )
    yield terminal
    end(terminal)


@pytest.fixture
def alone(tmp_path: Path) -> Iterator[Terminal]:
    """Starts a broker and a store of its own."""
    terminal = Terminal(tmp_path / "data", {"RECAUG_PARTITIONS": "2"})
    yield terminal
    end(terminal)


def end(terminal: Terminal) -> None:
    if terminal.process is not None and terminal.process.poll() is None:
        terminal.process.send_signal(signal.SIGINT)
        terminal.process.wait(PATIENCE_S)


def test_a_run_is_accounted_for_and_the_report_is_written(
    shared: Terminal, settings: Settings
) -> None:
    report = shared.data_dir.parent / "report.json"
    process = shared.up("--traffic", "simulate:20", "--no-page", "--report", str(report))
    shared.until_up()
    name = settings.topics.clickstream.name
    shared.until(lambda: sum(end_offsets(settings.kafka, [name]).values()) >= 20)
    process.send_signal(signal.SIGINT)
    assert shared.wait() == 0, shared.told()
    document: dict[str, Any] = json.loads(report.read_text())
    events, answers = document["events"], document["recommendations"]
    assert document["seconds"] > 0
    assert events["published"] >= 20
    assert events["published"] == (
        events["accepted"]
        + sum(events["rejected"].values())
        + events["duplicates"]
        + events["missing"]
    )
    assert events["missing"] == answers["missing"] == 0
    assert answers["distinct"] == answers["expected"] == answers["delivered"] > 0
    assert document["lag"] == {"clean": 0, "learn": 0, "recommend": 0}
    assert document["failures"] == []
    assert read(shared.data_dir) is None


def metrics_of(terminal: Terminal) -> Mapping[str, str]:
    now = read(terminal.data_dir)
    return {} if now is None else now.metrics


def ready(url: str) -> bool:
    """Whether a service says that it is, at the address of its metrics."""
    try:
        with urllib.request.urlopen(f"{url}/readyz", timeout=10) as answer:
            return bool(answer.status == 200)
    except urllib.error.HTTPError as refused:
        refused.close()
        return False


def test_a_killed_service_comes_back_and_run_json_stays_true(shared: Terminal) -> None:
    shared.up("--traffic", "none", "--no-page")
    running = shared.until_up()
    before = {child.name: child.pid for child in running.children}
    assert sorted(before) == sorted(running.metrics) == ["clean", "learn", "recommend"]
    for url in running.metrics.values():
        assert f"{url}/metrics" in shared.told()
        shared.until(lambda url=url: ready(url))  # type: ignore[misc]
    os.kill(before["clean"], signal.SIGKILL)

    def replaced() -> bool:
        now = read(shared.data_dir)
        found = {c.name: c.pid for c in now.children} if now is not None else {}
        return found.get("clean", before["clean"]) != before["clean"]

    shared.until(replaced)
    shared.until(lambda: metrics_of(shared).get("clean") not in (None, running.metrics["clean"]))
    shared.until(lambda: ready(metrics_of(shared)["clean"]))
    assert "clean was killed by signal 9; restarting in 0.5 s" in shared.told()
    now = read(shared.data_dir)
    assert now is not None and all(child.alive for child in now.children)
    assert shared.process is not None
    shared.process.send_signal(signal.SIGINT)
    assert shared.wait() == 0, shared.told()
    assert not any(child.alive for child in now.children)


def test_a_second_instance_is_refused_in_three_lines(shared: Terminal) -> None:
    first = shared.up("--traffic", "none", "--no-page")
    shared.until_up()
    second = Terminal(shared.data_dir, shared.env)
    second.log = second.log.with_name("second.log")
    second.up("--traffic", "none")
    assert second.wait() == 2
    what, why, mend = second.told().splitlines()
    assert what.startswith("error: recaug already runs in")
    assert str(first.pid) in why
    assert f"kill -INT {first.pid}" in mend
    assert first.poll() is None


def test_a_pulled_plug_leaves_nothing_behind_and_the_next_run_resumes(alone: Terminal) -> None:
    page = free_port()
    first = alone.up("--traffic", "simulate:20", "--port", str(page))
    running = alone.until_up()
    assert running.page == f"http://{HOST}:{page}"
    assert running.pid == first.pid
    names = [child.name for child in running.children]
    assert names[:6] == ["kafka", "redis", "clean", "learn", "recommend", "page"]
    now = read(alone.data_dir)
    assert now is not None
    born = {child.pid: child.started for child in now.children}
    first.kill()
    first.wait()
    deadline = time.monotonic() + 60.0
    while any(identity(pid) == started for pid, started in born.items()):
        assert time.monotonic() < deadline
        time.sleep(0.1)

    second = alone.up("--for", "5", "--traffic", "simulate:20", "--no-page")
    assert second.wait(PATIENCE_S) == 0, alone.told()
    assert "formatting" not in alone.told()
    assert "0 missing" in alone.told()
    assert sorted(path.name for path in (alone.data_dir / "logs").glob("*.log")) == [
        "clean.log",
        "learn.log",
        "page.log",
        "recommend.log",
        "traffic.log",
    ]


def test_a_broker_that_is_not_there(tmp_path: Path) -> None:
    address = f"{HOST}:{free_port()}"
    terminal = Terminal(tmp_path / "data", {})
    terminal.up("--kafka", address, "--traffic", "none")
    assert terminal.wait() == 3
    assert f"error: Kafka at {address} does not answer" in terminal.told()
    assert read(tmp_path / "data") is None
