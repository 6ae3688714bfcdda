"""Logs that a running process appends to stay below their limit."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from recaug.local.logs import shorten
from recaug.local.process import spawn, stop
from recaug.local.supervise import Program, Supervisor


def test_a_short_log_and_none_are_left_alone(tmp_path: Path) -> None:
    log = tmp_path / "a.log"
    assert not shorten(log)
    log.write_bytes(b"x" * 100)
    assert not shorten(log, 100)
    assert log.stat().st_size == 100


def test_a_long_log_is_set_aside_in_place_of_the_one_before(tmp_path: Path) -> None:
    log = tmp_path / "a.log"
    (tmp_path / "a.log.1").write_bytes(b"old")
    log.write_bytes(b"x" * 101)
    assert shorten(log, 100)
    assert (tmp_path / "a.log.1").read_bytes() == b"x" * 101
    assert log.read_bytes() == b""
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.log", "a.log.1"]


def test_its_writer_goes_on_in_the_empty_file(tmp_path: Path) -> None:
    log = tmp_path / "a.log"
    code = "import sys; print('one', flush=True); sys.stdin.readline(); print('two', flush=True)"
    with log.open("ab") as out:
        writer = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=out)
    assert writer.stdin is not None
    while not log.stat().st_size:
        assert writer.poll() is None
    assert shorten(log, 1)
    writer.communicate(b"\n")
    assert log.read_bytes() == b"two\n"
    assert (tmp_path / "a.log.1").read_bytes() == b"one\n"


def test_the_supervisor_looks_after_every_log_and_still_sees_who_is_ready(tmp_path: Path) -> None:
    log = tmp_path / "a.log"
    ready = "import time; print('{\"ready\": true}', flush=True); time.sleep(60)"
    supervisor = Supervisor(lambda _: None, lambda _: None)
    log.write_bytes(b"x" * (2**25 + 1))
    program = Program("a", lambda: spawn([sys.executable, "-c", ready], log), log, announces=True)
    supervisor.start(program, 0.0)
    one = supervisor.running["a"]
    assert one.log_from == 2**25 + 1
    aside = tmp_path / "a.log.1"

    def seen() -> bool:
        """The line that it is ready: by the supervisor, or in what was put aside before that."""
        return bool(one.ready) or (aside.exists() and aside.stat().st_size > 2**25 + 1)

    try:
        while not seen() and one.process.poll() is None:
            supervisor.poll(0.0)
        assert seen()
        assert log.stat().st_size < 2**25
    finally:
        stop(one.process, 5.0)
