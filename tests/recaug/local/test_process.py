"""Child processes: what a Ctrl-C, a stubborn child and our own death do to them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from recaug.local.process import identity, spawn, stop


def eventually(holds: Callable[[], bool], patience_s: float = 15.0) -> bool:
    deadline = time.monotonic() + patience_s
    while not holds() and time.monotonic() < deadline:
        time.sleep(0.02)
    return holds()


def python(text: str) -> list[str]:
    return [sys.executable, "-c", text]


def test_output_goes_to_the_log_and_the_code_is_known(tmp_path: Path) -> None:
    log = tmp_path / "logs" / "child.log"
    child = spawn(python("import sys; print('out'); sys.stderr.write('err'); sys.exit(70)"), log)
    assert child.wait(20) == 70
    assert sorted(log.read_text().split()) == ["err", "out"]


def test_a_child_leads_a_session_of_its_own(tmp_path: Path) -> None:
    child = spawn(python("import time; time.sleep(60)"), tmp_path / "log")
    try:
        assert eventually(lambda: os.getsid(child.pid) == child.pid)
        assert os.getsid(child.pid) != os.getsid(0)
    finally:
        stop(child, 0.0)


def test_stop_asks_first(tmp_path: Path) -> None:
    polite = "import signal,sys,time\nsignal.signal(15, lambda *_: sys.exit(3))\nprint('on')\n"
    log = tmp_path / "log"
    child = spawn([sys.executable, "-u", "-c", polite + "time.sleep(60)"], log)
    assert eventually(lambda: log.read_text() == "on\n")
    assert stop(child, 20.0) == 3


def test_stop_kills_what_does_not_listen_and_its_children(tmp_path: Path) -> None:
    log = tmp_path / "log"
    stubborn = (
        "import signal,subprocess,sys,time\n"
        "signal.signal(15, signal.SIG_IGN)\n"
        "inner = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
        "print(inner.pid, flush=True)\n"
        "time.sleep(60)"
    )
    child = spawn(python(stubborn), log)
    assert eventually(lambda: log.read_text().endswith("\n"))
    inner = int(log.read_text())
    assert stop(child, 0.2) == -signal.SIGKILL
    assert eventually(lambda: identity(inner) is None)


def test_stopping_what_has_ended_returns_its_code(tmp_path: Path) -> None:
    child = spawn(python("raise SystemExit(71)"), tmp_path / "log")
    child.wait(20)
    assert stop(child) == 71


@pytest.mark.skipif(sys.platform != "linux", reason="PR_SET_PDEATHSIG is Linux's")
def test_children_die_with_a_parent_that_is_killed(tmp_path: Path) -> None:
    parent = subprocess.Popen(
        python(
            "import sys,time\nfrom pathlib import Path\nfrom recaug.local.process import spawn\n"
            f"child = spawn([sys.executable, '-c', 'import time; time.sleep(60)'], "
            f"Path({str(tmp_path / 'log')!r}))\n"
            "print(child.pid, flush=True)\ntime.sleep(60)"
        ),
        stdout=subprocess.PIPE,
    )
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    born = identity(child)
    assert born is not None
    # The launcher must have asked for the signal before we may die.
    program = Path(f"/proc/{child}/cmdline")
    assert eventually(lambda: b"prctl" not in program.read_bytes())
    parent.kill()
    parent.wait()
    parent.stdout.close()
    assert eventually(lambda: identity(child) != born)


def test_identity_of_the_living_and_the_dead() -> None:
    assert identity(os.getpid()) == identity(os.getpid()) is not None
    ended = subprocess.Popen(python("pass"))
    ended.wait()
    assert identity(ended.pid) is None
