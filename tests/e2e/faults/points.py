"""A crash, or an error, at every call that touches the disk, each in a copy of its own.

    python -m tests.e2e.faults.points OPERATION HARM BASE OUT

`BASE` is copied to `OUT/00`, `OUT/01`, …; in the n-th copy the operation meets `HARM` (`kill`, or
the name of an error, e.g. `ENOSPC`) in place of its n-th call. One line is printed a copy: what the
call was. The last copy is the one in which nothing was left to harm.
"""

from __future__ import annotations

import errno
import os
import resource
import shutil
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson

from recaug.collect import Collector
from recaug.registry import Registry
from recaug.settings import Settings

CALLS = ("fsync", "rename", "replace", "mkdir", "unlink", "rmdir")
CONFIG = Settings(buffer_events=100, resend_window=50)
BEFORE, AFTER = 60, 150

ABOUT: dict[str, Any] = {
    "created_at": "2025-11-24T05:40:35Z", "model": {"width": 4}, "metrics": {}, "parity": {},
    "offsets": {"recaug.events": {"0": 7}}, "events": 7, "train_seconds": 1.5, "device": "cpu",
    "promoted": True, "reason": "test",
}  # fmt: skip
FILES = {"a.json": b'{"x": 1}', "b.bin": bytes(100_000)}


class Logged:
    """A record of the clean log."""

    def __init__(self, number: int) -> None:
        self.partition, self.offset = number % 2, number // 2
        self.timestamp = number
        self.key = f"u{number % 7}".encode()
        self.headers = [("src", f"clickstream:{self.partition}:{self.offset}".encode())]
        self.value = orjson.dumps(
            {"event_id": f"e{number}", "event": "click", "item_id": f"i{number % 11}",
             "user_id": f"u{number % 7}", "timestamp": number}
        )  # fmt: skip


LOG = [Logged(number) for number in range(AFTER)]


def checkpoint(place: Path) -> None:
    """Go on from the checkpoint of `BEFORE` events, write that of `AFTER`."""
    collector = Collector.load(CONFIG, place)
    collector.fold(LOG)
    collector.save(place)


def again(place: Path) -> None:
    """Write the checkpoint that is current already, as a stop with nothing new does."""
    Collector.load(CONFIG, place).save(place)


def cut(place: Path) -> None:
    """As `checkpoint`, but the kernel ends the process in the middle of a file."""
    signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
    resource.setrlimit(resource.RLIMIT_FSIZE, (512, 512))
    checkpoint(place)


def publish(place: Path) -> None:
    """Write a second bundle, serve it, clear up."""
    registry = Registry(place)
    registry.write("main", "v2", FILES, {**ABOUT, "parent": "v1"})
    registry.promote("main", "v2")
    registry.prune("main", keep=1)


OPERATIONS: dict[str, Callable[[Path], None]] = {
    operation.__name__: operation for operation in (checkpoint, again, publish)
}


class Harm:
    """Counts the calls and, in place of number `at`, kills or raises."""

    def __init__(self, kind: str, at: int) -> None:
        self.kind, self.at, self.count = kind, at, 0
        for name in CALLS:
            setattr(os, name, self._watched(name, getattr(os, name)))

    def _watched(self, name: str, plain: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            self.count += 1
            if self.count - 1 == self.at:
                self._strike(name, args)
            return plain(*args, **kwargs)

        return call

    def _strike(self, name: str, args: tuple[Any, ...]) -> None:
        last = Path(args[-1]).name if isinstance(args[-1], (str, os.PathLike)) else ""
        print(f"{name} {last}".strip(), flush=True)  # noqa: T201 - the test reads it
        if self.kind == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        number = getattr(errno, self.kind)
        raise OSError(number, os.strerror(number))


def one(operation: Callable[[Path], None], kind: str, place: Path, at: int) -> bool:
    """Run in a child; whether there was a call number `at` at all."""
    child = os.fork()
    if child == 0:
        harm = Harm(kind, at)
        try:
            operation(place)
        except OSError:
            os._exit(1)
        os._exit(0 if harm.count <= at else 1)  # an error that was swallowed is a strike too
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status) != 0


def main(operation: str, kind: str, base: Path, out: Path) -> None:
    at, struck = 0, True
    while struck:
        place = out / f"{at:02d}"
        shutil.copytree(base, place)
        struck = one(OPERATIONS[operation], kind, place, at)
        at += 1


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], Path(sys.argv[3]), Path(sys.argv[4]))
