"""Child processes that a Ctrl-C does not reach, that die with us, and that stop within a bound.

Each child leads its own session, so the terminal's Ctrl-C comes to us alone and we choose the
order in which things stop. On Linux the kernel signals the child when we die (`PR_SET_PDEATHSIG`),
so that `kill -9` leaves nothing behind.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

# Runs in the child before the real program replaces it. A `preexec_fn` would do the same but may
# deadlock in a process that has threads, and every Kafka client has threads.
_LAUNCH = """
import os, sys
parent, number, program = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]
if sys.platform == "linux":
    import ctypes
    ctypes.CDLL(None).prctl(1, number)
if os.getppid() != parent:
    sys.exit(0)
os.execvp(program[0], program)
"""


def tied(program: Sequence[str], on_death: signal.Signals = signal.SIGKILL) -> list[str]:
    """The command of a `program` that gets `on_death` when the thread that starts it ends.

    So start it from the main thread, and with `start_new_session`.
    """
    launcher = [sys.executable, "-I", "-S", "-c", _LAUNCH, str(os.getpid()), str(int(on_death))]
    return [*launcher, *program]


def spawn(
    program: Sequence[str],
    log: Path,
    *,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    on_death: signal.Signals = signal.SIGKILL,
    stdout: int | None = None,
) -> subprocess.Popen[bytes]:
    """Start `program` in its own session, its output appended to `log`; from the main thread.

    :param stdout: `subprocess.PIPE` to read standard output here; only stderr then goes to `log`.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as out:
        return subprocess.Popen(
            tied(program, on_death),
            stdin=subprocess.DEVNULL,
            stdout=out if stdout is None else stdout,
            stderr=out,
            env=None if env is None else dict(env),
            cwd=cwd,
            start_new_session=True,
        )


def signal_group(pid: int, number: signal.Signals) -> None:
    """Signal a child and everything it started; silent when they are gone."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, number)


def terminate(process: subprocess.Popen[bytes]) -> None:
    """Ask `process` to end; silent when it already has."""
    if process.poll() is None:
        with suppress(ProcessLookupError):
            process.terminate()


def stop(process: subprocess.Popen[bytes], grace_s: float = 20.0) -> int:
    """End `process` and its own children: SIGTERM, `grace_s` seconds, SIGKILL.

    Returns its exit code, negative for a signal.
    """
    terminate(process)
    with suppress(subprocess.TimeoutExpired):
        process.wait(grace_s)
    signal_group(process.pid, signal.SIGKILL)
    code = process.wait()
    if process.stdout is not None:
        process.stdout.close()
    return code


def identity(pid: int) -> str | None:
    """Return what tells this process from a later one with the same pid; None when it is gone."""
    if Path("/proc/self/stat").exists():
        return _identity_linux(pid)
    shown = subprocess.run(
        ["ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    return shown.stdout.strip() or None


def _identity_linux(pid: int) -> str | None:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    # The program's name is in brackets and may hold anything; what follows it is fixed: the state
    # is field 3, the start time in clock ticks since boot is field 22.
    state, *fields = stat[stat.rindex(")") + 2 :].split()
    return None if state in "ZX" else fields[18]
