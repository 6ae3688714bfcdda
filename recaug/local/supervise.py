"""Keep child processes running: restart what ends, later and later, and stop what is told to.

The supervisor is polled by the one thread that also started the children (the kernel ties them to
that thread), so nothing here is concurrent. Time is an argument.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from recaug.errors import Failure
from recaug.local.instance import Child
from recaug.local.logs import shorten
from recaug.local.process import identity, stop, terminate

#: Seconds before a restart: doubled at every end, and forgotten after a stable run.
BACKOFF_FIRST_S = 0.5
BACKOFF_MOST_S = 10.0
STABLE_S = 30.0
#: A program that ends so often before it was ever ready is not going to start.
HOPELESS = 6
STOP_S = 20.0
READY_LINE_MAX = 65_536

MEANING = {
    0: "ended by itself",
    70: "gave up on a batch it could not finish; it will be read again",
    71: "stood still with work waiting and ended itself",
}


@dataclass(frozen=True, slots=True)
class Program:
    """Something to keep running; `launch` starts it and returns at once.

    `restart`: whether its end is a fault; traffic that has been replayed may end.
    `announces`: whether it logs a JSON line with `"ready": true` when it is ready.
    """

    name: str
    launch: Callable[[], subprocess.Popen[bytes]]
    log: Path
    restart: bool = True
    announces: bool = False
    stop_s: float = STOP_S


@dataclass(slots=True)
class Supervised:
    """A program and what became of it."""

    program: Program
    process: subprocess.Popen[bytes]
    child: Child
    since_s: float
    log_from: int
    failures: int = 0
    restarts: int = 0
    retry_at_s: float | None = None
    ready: Mapping[str, Any] | None = None
    ever_ready: bool = False
    code: int | None = None

    @property
    def ended(self) -> bool:
        """Ended for good: it is not going to be restarted."""
        return self.code is not None and not self.program.restart


@dataclass(slots=True)
class Supervisor:
    """Runs programs in the order they were started.

    `changed` is called with the living children after every change, `say` with one line for people.
    """

    changed: Callable[[tuple[Child, ...]], None]
    say: Callable[[str], None]
    running: dict[str, Supervised] = field(default_factory=dict)

    def start(self, program: Program, now_s: float) -> None:
        log_from = _size(program.log)
        self.adopt(program, program.launch(), now_s, log_from)

    def adopt(
        self, program: Program, process: subprocess.Popen[bytes], now_s: float, log_from: int = 0
    ) -> None:
        """Watch over a process that `program.launch` started earlier."""
        child = _child(program, process)
        self.running[program.name] = Supervised(program, process, child, now_s, log_from)
        self._tell()

    def poll(self, now_s: float) -> None:
        """Note what is ready and what ended; restart what is due. Call it a few times a second.

        :raises Failure: a program ended `HOPELESS` times without ever becoming ready.
        """
        for one in list(self.running.values()):
            if shorten(one.program.log):
                one.log_from = 0
            if one.retry_at_s is not None:
                if now_s >= one.retry_at_s:
                    self._restart(one, now_s)
            elif one.code is None and (code := one.process.poll()) is not None:
                self._ended(one, code, now_s)
            elif one.ready is None and one.program.announces:
                one.ready = ready_line(one.program.log, one.log_from)
                one.ever_ready = one.ever_ready or one.ready is not None

    def stop(self, *names: str) -> None:
        """Stop programs for good: all are told at once, then each is waited for."""
        stopping = [self.running.pop(name) for name in names if name in self.running]
        for one in stopping:
            terminate(one.process)
        for one in stopping:
            stop(one.process, one.program.stop_s)
        self._tell()

    def kill_all(self) -> None:
        """End everything at once, last started first."""
        for name in reversed(list(self.running)):
            stop(self.running.pop(name).process, 0.0)
        self._tell()

    def _ended(self, one: Supervised, code: int, now_s: float) -> None:
        stop(one.process, 0.0)  # what it had started itself must not outlive it
        one.code = code
        if one.program.restart:
            self._retry_later(one, code, now_s)
        self._tell()

    def _retry_later(self, one: Supervised, code: int, now_s: float) -> None:
        one.failures = 1 if now_s - one.since_s >= STABLE_S else one.failures + 1
        if one.program.announces and one.failures >= HOPELESS and not one.ever_ready:
            raise _hopeless(one, code)
        wait_s = backoff_s(one.failures)
        one.retry_at_s = now_s + wait_s
        self.say(f"{one.program.name} {meaning(code)}; restarting in {wait_s:g} s")

    def _restart(self, one: Supervised, now_s: float) -> None:
        one.log_from = _size(one.program.log)
        one.process = one.program.launch()
        one.child = _child(one.program, one.process)
        one.since_s, one.retry_at_s, one.code, one.ready = now_s, None, None, None
        one.restarts += 1
        self._tell()

    def _tell(self) -> None:
        self.changed(tuple(one.child for one in self.running.values() if one.code is None))


def backoff_s(failures: int) -> float:
    """Seconds to wait after so many ends in a row: 0.5, 1, 2, … 10."""
    return min(BACKOFF_MOST_S, BACKOFF_FIRST_S * 2.0 ** min(failures - 1, 16))


def meaning(code: int) -> str:
    """Say an exit code in words; negative codes are signals."""
    if code < 0:
        return f"was killed by signal {-code}"
    return MEANING.get(code, f"ended with code {code}")


def ready_line(log: Path, start: int) -> Mapping[str, Any] | None:
    """Return the JSON line with `"ready": true` that was logged after `start` bytes, if any."""
    with suppress(OSError), log.open("rb") as lines:
        lines.seek(start)
        while line := lines.readline(READY_LINE_MAX):
            if line.startswith(b"{") and b'"ready"' in line and line.endswith(b"\n"):
                with suppress(ValueError):
                    said = json.loads(line)
                    if said.get("ready") is True:
                        return dict(said)
    return None


def last_words(log: Path, lines: int = 1) -> str:
    """Return the last lines a program wrote, for an error message."""
    with suppress(OSError), log.open("rb") as file:
        file.seek(max(0, _size(log) - 8_192))
        told = [line for line in file.read().decode(errors="replace").splitlines() if line.strip()]
        if told:
            return "\n".join(map(_in_words, told[-lines:]))
    return "it wrote nothing"


def _in_words(line: str) -> str:
    """What a line of a service's log says, without what only programs read."""
    with suppress(ValueError):
        said = json.loads(line)
        if isinstance(said, dict) and isinstance(said.get("event"), str):
            return "\n".join(filter(None, (said["event"], str(said.get("exception") or ""))))
    return line


def _child(program: Program, process: subprocess.Popen[bytes]) -> Child:
    return Child(program.name, process.pid, identity(process.pid))


def _size(log: Path) -> int:
    return log.stat().st_size if log.exists() else 0


def _hopeless(one: Supervised, code: int) -> Failure:
    return Failure(
        f"{one.program.name} does not start",
        f"it {meaning(code)} {one.failures} times; its last words: {last_words(one.program.log)}",
        f"look at {one.program.log}",
    )
