"""The supervisor over real child processes; its clock is a number we hand it."""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recaug.errors import Failure
from recaug.local.instance import Child
from recaug.local.process import spawn
from recaug.local.supervise import (
    BACKOFF_MOST_S,
    HOPELESS,
    STABLE_S,
    Program,
    Supervisor,
    backoff_s,
    last_words,
    meaning,
    ready_line,
)


class Watched:
    """A supervisor and all it said."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self.said: list[str] = []
        self.children: tuple[Child, ...] = ()
        self.supervisor = Supervisor(self._changed, self.said.append)

    def _changed(self, children: tuple[Child, ...]) -> None:
        self.children = children

    def start(self, text: str, *, restart: bool = True, announces: bool = False) -> None:
        log = self.place / "child.log"
        command = [sys.executable, "-u", "-c", text]
        program = Program(
            "child", lambda: spawn(command, log), log, restart=restart, announces=announces
        )
        self.supervisor.start(program, 0.0)

    def until(self, holds: Callable[[], bool], now_s: float = 0.0) -> None:
        deadline = time.monotonic() + 20.0
        while not holds():
            assert time.monotonic() < deadline, self.said
            self.supervisor.poll(now_s)
            time.sleep(0.02)


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[Watched]:
    one = Watched(tmp_path)
    yield one
    one.supervisor.kill_all()


SLEEP = "import time; time.sleep(60)"


def test_a_service_that_gives_up_is_restarted_later_and_later(watched: Watched) -> None:
    watched.start("raise SystemExit(70)")
    child = watched.supervisor.running["child"]
    now_s = 0.0
    for failures, wait_s in enumerate((0.5, 1.0, 2.0), start=1):
        watched.until(lambda: child.retry_at_s is not None, now_s)
        assert child.failures == failures
        assert child.retry_at_s == now_s + wait_s
        assert watched.children == ()
        watched.supervisor.poll(now_s + wait_s - 0.01)
        assert child.restarts == failures - 1
        now_s += wait_s
        watched.supervisor.poll(now_s)
        assert child.restarts == failures
    assert "gave up on a batch" in watched.said[0]
    assert "restarting in 2 s" in watched.said[2]


def test_a_stable_run_forgives_earlier_ends(watched: Watched) -> None:
    watched.start(SLEEP)
    child = watched.supervisor.running["child"]
    child.failures = 5
    os.kill(child.process.pid, signal.SIGKILL)
    watched.until(lambda: child.retry_at_s is not None, STABLE_S)
    assert child.failures == 1
    assert child.retry_at_s == STABLE_S + 0.5
    assert "was killed by signal 9" in watched.said[0]


def test_the_list_of_children_is_true_after_a_restart(watched: Watched) -> None:
    watched.start(SLEEP)
    child = watched.supervisor.running["child"]
    first = child.process.pid
    assert [c.pid for c in watched.children] == [first]
    os.kill(first, signal.SIGKILL)
    watched.until(lambda: child.retry_at_s is not None, 100.0)
    watched.until(lambda: child.restarts == 1, 101.0)
    second = watched.children[0]
    assert second.pid == child.process.pid != first
    assert second.alive


def test_traffic_may_end(watched: Watched) -> None:
    watched.start("pass", restart=False)
    child = watched.supervisor.running["child"]
    watched.until(lambda: child.ended)
    assert child.code == 0
    watched.supervisor.poll(1e6)
    assert child.restarts == 0
    assert watched.said == []


def test_readiness_is_read_from_the_log_and_lost_with_the_process(watched: Watched) -> None:
    line = json.dumps({"ready": True, "service": "child", "partitions": 2})
    watched.start(f"print('hello'); print({line!r}); {SLEEP}", announces=True)
    child = watched.supervisor.running["child"]
    watched.until(lambda: child.ready is not None)
    assert (child.ready or {})["partitions"] == 2
    os.kill(child.process.pid, signal.SIGKILL)
    watched.until(lambda: child.retry_at_s is not None, 1.0)
    watched.supervisor.poll(10.0)
    assert child.ready is None
    watched.until(lambda: child.ready is not None, 10.0)


def test_what_never_gets_ready_is_a_failure_that_names_the_reason(watched: Watched) -> None:
    watched.start("raise SystemExit('no such broker')", announces=True)
    child = watched.supervisor.running["child"]
    with pytest.raises(Failure, match="does not start") as failed:
        for n in range(1, HOPELESS + 1):
            watched.until(lambda: child.retry_at_s is not None)
            child.retry_at_s = 0.0
            watched.until(lambda n=n: child.restarts == n)  # type: ignore[misc]
    assert "no such broker" in failed.value.why
    assert f"{HOPELESS} times" in failed.value.why
    assert "child.log" in failed.value.mend


def test_stop_ends_it_for_good(watched: Watched) -> None:
    watched.start(SLEEP)
    pid = watched.supervisor.running["child"].process.pid
    watched.supervisor.stop("child", "nobody")
    assert watched.children == ()
    assert watched.supervisor.running == {}
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


@given(st.integers(min_value=1, max_value=10_000))
def test_back_off_never_shrinks_and_never_exceeds_the_most(failures: int) -> None:
    assert 0.5 <= backoff_s(failures) <= backoff_s(failures + 1) <= BACKOFF_MOST_S


def test_exit_codes_have_words() -> None:
    assert "stood still" in meaning(71)
    assert meaning(3) == "ended with code 3"


def test_a_ready_line_of_an_earlier_start_does_not_count(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text('{"ready": true, "n": 1}\n')
    start = log.stat().st_size
    assert ready_line(log, start) is None
    with log.open("a") as out:
        out.write('{"ready": false}\n{"ready" broken\n{"ready": true, "n": 2}')
        out.flush()
        assert ready_line(log, start) is None  # half written
        out.write("\n")
    assert ready_line(log, start) == {"ready": True, "n": 2}
    assert ready_line(tmp_path / "none", 0) is None


def test_last_words(tmp_path: Path) -> None:
    log = tmp_path / "log"
    assert last_words(log) == "it wrote nothing"
    log.write_text("a\nb\n\n")
    assert last_words(log) == "b"
    assert last_words(log, 2) == "a\nb"


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ('{"event": "cannot go on; exit 70", "level": "critical"}', "cannot go on; exit 70"),
        ('{"event": "failed", "exception": "OSError: gone"}', "failed\nOSError: gone"),
        ('{"ready": true}', '{"ready": true}'),
        ("[1, 2", "[1, 2"),
        ("plain text", "plain text"),
    ],
)
def test_the_last_words_of_a_service_are_what_it_says_not_how_it_is_written(
    tmp_path: Path, line: str, words: str
) -> None:
    (tmp_path / "a.log").write_text(f"earlier\n{line}\n")
    assert last_words(tmp_path / "a.log") == words
