"""What runs in a data directory: a lock that one instance holds, and `run.json` that others read.

`run.json` is `{"kafka", "redis", "page", "pid", "children": [{"name", "pid", "started"}],
"metrics": {SERVICE: address}}`. It is replaced whole at every change, so that a reader never sees
half of it. The lock is the operating system's: it goes with the process, however that ends, so a
lock that can be taken over a `run.json` means that the earlier run was killed.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import signal
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO

from recaug import atomic
from recaug.errors import Failure
from recaug.local.process import identity, signal_group

RUN = "run.json"
LOCK = "lock"

#: What an instance and its services write into the data directory, and so may delete.
OURS = frozenset(
    {LOCK, RUN, "kafka", "redis", "logs", "registry", "learn", "encoders", "keys"} | {"recommend"}
)
OURS_PREFIX = "faust-"


@dataclass(frozen=True, slots=True)
class Child:
    """A process the instance started; `started` tells it from a later one with the same pid."""

    name: str
    pid: int
    started: str | None = None

    @property
    def alive(self) -> bool:
        now = identity(self.pid)
        return now is not None and self.started in (None, now)


@dataclass(frozen=True, slots=True)
class Running:
    """What `run.json` says; addresses are None where there is none."""

    kafka: str | None = None
    redis: str | None = None
    page: str | None = None
    pid: int | None = None
    children: tuple[Child, ...] = field(default=())
    metrics: Mapping[str, str] = field(default_factory=dict)

    @property
    def alive(self) -> bool:
        """Whether the process that wrote it still runs."""
        return self.pid is not None and identity(self.pid) is not None


def read(data_dir: Path) -> Running | None:
    """Return what `run.json` says; None where nothing was started or the file is damaged."""
    try:
        document = json.loads((data_dir / RUN).read_text())
        children = tuple(Child(**child) for child in document.pop("children"))
        return Running(**document, children=children)
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return None


def write(data_dir: Path, running: Running) -> None:
    """Replace `run.json` in one step."""
    atomic.write_bytes(data_dir / RUN, json.dumps(asdict(running), indent=2).encode() + b"\n")


class Instance:
    """The one instance of a data directory.

    with Instance(Path(".recaug")) as instance:
        instance.update(Running(kafka="127.0.0.1:9092"))

    Entering takes the lock and ends what a killed earlier run left behind; leaving removes
    `run.json`.
    """

    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir.absolute()
        self.recovered: tuple[Child, ...] = ()
        self._lock: IO[str] | None = None

    def __enter__(self) -> Instance:
        self._make_directory()
        self._lock = self._take_lock()
        atomic.sweep(self.data_dir)
        self.recovered = end_orphans(read(self.data_dir) or Running())
        (self.data_dir / RUN).unlink(missing_ok=True)
        return self

    def __exit__(self, *_: object) -> None:
        (self.data_dir / RUN).unlink(missing_ok=True)
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def update(self, running: Running) -> None:
        write(self.data_dir, running)

    def clear(self) -> None:
        """Remove all data of earlier runs; the lock stays ours.

        :raises Failure: the directory holds something that no instance wrote.
        """
        strangers = [path.name for path in self.data_dir.iterdir() if not _ours(path.name)]
        if strangers:
            raise Failure(
                f"{self.data_dir} is not cleared",
                f"it holds files recaug did not write: {', '.join(sorted(strangers)[:5])}",
                "choose another --data-dir, or move those files away",
            )
        for path in self.data_dir.iterdir():
            if path.name == LOCK:
                continue
            shutil.rmtree(path) if path.is_dir() else path.unlink()

    def _make_directory(self) -> None:
        try:
            self.data_dir.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise Failure(
                f"{self.data_dir} cannot be used", str(error), "choose another --data-dir"
            ) from error

    def _take_lock(self) -> IO[str]:
        lock = (self.data_dir / LOCK).open("a+")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            lock.seek(0)
            pid = lock.read().strip()
            lock.close()
            raise Failure(
                f"recaug already runs in {self.data_dir}",
                f"process {pid or 'unknown'} holds it",
                f"stop it with: kill -INT {pid}   (or choose another --data-dir)",
            ) from error
        lock.truncate(0)
        lock.write(f"{os.getpid()}\n")
        lock.flush()
        return lock


def _ours(name: str) -> bool:
    return name in OURS or name.startswith(OURS_PREFIX)


def end_orphans(earlier: Running, grace_s: float = 10.0) -> tuple[Child, ...]:
    """End those children of a killed run that still live; return them.

    One after the other, last started first: services go before what they depend on.
    """
    orphans = tuple(child for child in reversed(earlier.children) if child.alive)
    for orphan in orphans:
        with suppress(ProcessLookupError):
            os.kill(orphan.pid, signal.SIGTERM)
        if not _gone(orphan, grace_s):
            signal_group(orphan.pid, signal.SIGKILL)
            _gone(orphan, grace_s)
    return orphans


def _gone(child: Child, patience_s: float) -> bool:
    deadline = time.monotonic() + patience_s
    while child.alive and time.monotonic() < deadline:
        time.sleep(0.02)
    return not child.alive
