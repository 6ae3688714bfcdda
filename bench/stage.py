"""A broker and a store of the bench's own, and the programs that are measured on them."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.progress import say
from recaug.errors import Failure
from recaug.local.kafka import LocalKafka
from recaug.local.process import spawn, stop
from recaug.local.programs import checkout
from recaug.local.redis import LocalRedis
from recaug.settings import Settings

#: Settings of the person who runs the bench that do not change what is measured.
KEPT = ("RECAUG_CACHE_DIR", "RECAUG_DATA")


@dataclass(frozen=True, slots=True)
class Stage:
    """Where the programs run; everything is gone when the bench is over."""

    kafka: str
    redis: str
    directory: Path

    def settings(self, **options: Any) -> Settings:
        """Default settings on this broker under a prefix that nobody else uses."""
        prefix = f"b{uuid.uuid4().hex[:8]}."
        given = {"redis": self.redis, "data_dir": self.directory / prefix, **options}
        given["data_dir"].mkdir(parents=True, exist_ok=True)
        return Settings(kafka=self.kafka, prefix=prefix, **given)


@contextmanager
def stage() -> Iterator[Stage]:
    """Start a broker and a store in a temporary directory; stop both at the end."""
    with tempfile.TemporaryDirectory(prefix="recaug-bench-") as name:
        directory = Path(name)
        broker = LocalKafka(directory / "kafka", port=None)
        store = LocalRedis(directory / "redis")
        say("starting Kafka and Redis")
        try:
            yield Stage(broker.start(), store.start(), directory)
        finally:
            store.stop()
            broker.stop()


class Worker:
    """One measured program, in a directory of its own, with default settings but for those given.

    `with Worker(settings, ["streams", "clean"]) as worker:` — runs when entered, ends when left.
    """

    def __init__(
        self,
        settings: Settings,
        module: Sequence[str],
        python: Path = Path(sys.executable),
        **env: str,
    ) -> None:
        self.name = " ".join(module)
        self._command = [str(python), "-m", *module]
        self._directory = settings.data_dir
        self._log = settings.data_dir / f"{uuid.uuid4().hex[:6]}.log"
        self._env = environment(settings, **env)
        self.process: subprocess.Popen[bytes]

    def __enter__(self) -> Worker:
        self.process = spawn(self._command, self._log, env=self._env, cwd=self._directory)
        return self

    def __exit__(self, *_: object) -> None:
        stop(self.process, 10.0)

    def check(self) -> None:
        """Raises Failure when the program has ended: nothing more will come of it."""
        if self.process.poll() is not None:
            raise Failure(
                f"{self.name} ended with exit code {self.process.returncode}",
                self.last_words(),
                "see the lines above; is another version of a package installed?",
            )

    def is_ready(self) -> bool:
        """Whether one of our services has said that it has its partitions."""
        return b'"ready"' in self._log.read_bytes()

    def last_words(self) -> str:
        lines = self._log.read_text(errors="replace").strip().splitlines()
        return "\n".join(lines[-15:]) or "it said nothing"

    def cpu_s(self) -> float:
        """Processor seconds it has used so far, threads and ended children included."""
        return cpu_s(self.process.pid)


def use_defaults() -> None:
    """Forget the settings in this process's environment: what is measured are the defaults."""
    for name in [name for name in os.environ if name.startswith("RECAUG_") and name not in KEPT]:
        del os.environ[name]


def environment(settings: Settings, **more: str) -> dict[str, str]:
    """The environment of a program that is to have these settings."""
    given = settings.model_dump(exclude_unset=True, mode="json")
    ours = {f"RECAUG_{name.upper()}": str(value) for name, value in given.items()}
    return {**os.environ, **ours, "PYTHONPATH": str(checkout()), "PYTHONUNBUFFERED": "1", **more}


def cpu_s(pid: int) -> float:
    """Processor seconds of a process so far. Raises Failure where the system does not tell."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        raise Failure(
            "processor time cannot be measured",
            f"there is no /proc/{pid}",
            "run this bench on Linux; is the program still alive?",
        ) from None
    # After the name in brackets, field 14 is user time and 15 system time, then the children's.
    fields = stat[stat.rindex(")") + 2 :].split()
    ticks = sum(int(field) for field in fields[11:15])
    return ticks / os.sysconf("SC_CLK_TCK")


def wait_for(
    what: str,
    done: Callable[[], bool],
    workers: Sequence[Worker],
    patience_s: float,
    tick_s: float = 0.05,
) -> None:
    """Wait until `done()`; raises Failure when a worker ends or patience does."""
    give_up = time.monotonic() + patience_s
    while not done():
        for worker in workers:
            worker.check()
        if time.monotonic() > give_up:
            said = "\n".join(f"{worker.name}: {worker.last_words()}" for worker in workers)
            why = f"not within {patience_s:.0f} s\n{said}"
            raise Failure(f"{what} did not happen", why, "is the machine busy with something else?")
        time.sleep(tick_s)
