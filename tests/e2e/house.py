"""A whole instance as a person starts it: `recaug up` in a process of its own, and its report."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from recaug.local.ports import free_port
from recaug.local.process import spawn
from recaug.settings import Settings

ROOT = Path(__file__).parents[2]

#: The command a person types.
COMMAND = [str(Path(sys.executable).parent / "recaug")]


class House:
    """`with House(tmp_path, "--traffic", "none") as house:` — up when entered, down when left."""

    def __init__(self, directory: Path, *options: str, **settings: str) -> None:
        self.data = directory / "data"
        self.report_file = directory / "report.json"
        self._log = directory / "up.log"
        self.options = [
            "up", "--data-dir", str(self.data), "--report", str(self.report_file),
            "--port", str(free_port()), *options,
        ]  # fmt: skip
        self.env = {**os.environ, **{f"RECAUG_{k.upper()}": v for k, v in settings.items()}}

    def __enter__(self) -> House:
        self._log.unlink(missing_ok=True)
        # It must not outlive a test run that is killed.
        self.process = spawn([*COMMAND, *self.options], self._log, env=self.env, cwd=ROOT)
        until(self._is_up, 240.0, self._explain)
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def _is_up(self) -> bool:
        assert self.process.poll() is None, self.said()
        return " is up" in self.said()

    def _explain(self) -> str:
        logs = "\n".join(f"== {p.name}\n{p.read_text()[-1500:]}" for p in self._logs())
        return f"{self.said()}\n{logs}"

    def _logs(self) -> list[Path]:
        return sorted((self.data / "logs").glob("*.log"))

    def said(self) -> str:
        return self._log.read_text()

    @property
    def running(self) -> dict[str, Any]:
        """`run.json` as it is now."""
        found: dict[str, Any] = json.loads((self.data / "run.json").read_bytes())
        return found

    def pid(self, name: str) -> int:
        """The child's process id; 0 while it is down."""
        return next((c["pid"] for c in self.running["children"] if c["name"] == name), 0)

    @property
    def settings(self) -> Settings:
        """What the services were given, for looking at the same topics and keys."""
        running = self.running
        return Settings(kafka=running["kafka"], redis=running["redis"], data_dir=self.data)

    def log(self, name: str) -> str:
        """What one of the children has written so far."""
        return (self.data / "logs" / f"{name}.log").read_text(errors="replace")

    def kill(self, name: str, number: signal.Signals = signal.SIGKILL) -> int:
        """Signal one of the children, `kill -9` by default; returns the pid it had."""
        pid = self.pid(name)
        assert pid, f"{name} is down already\n{self._explain()}"
        os.kill(pid, number)
        return pid

    def replaced(self, name: str, old: int) -> None:
        """Wait until the supervisor has started a child anew."""
        until(lambda: self.pid(name) not in (0, old), 60.0, self._explain)

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Any other command on this instance."""
        env = {**self.env, "RECAUG_DATA_DIR": str(self.data)}
        return subprocess.run(
            [*COMMAND, *arguments], cwd=ROOT, env=env, capture_output=True, text=True, timeout=120
        )

    def stop(self) -> int:
        """Ctrl-C; returns the exit code once everything has stopped in order."""
        self.process.send_signal(signal.SIGINT)
        return self.wait()

    def wait(self, patience_s: float = 420.0) -> int:
        return self.process.wait(patience_s)

    def report(self) -> Mapping[str, Any]:
        found: dict[str, Any] = json.loads(self.report_file.read_bytes())
        return found


def until(
    condition: Callable[[], bool], patience_s: float, explain: Callable[[], str] = str
) -> None:
    """Wait for a condition; fails with an explanation when it does not come about."""
    deadline = time.monotonic() + patience_s
    while not condition():
        assert time.monotonic() < deadline, f"it did not come about\n{explain()}"
        time.sleep(0.2)
