"""Programs of the pages in `docs/clients/`, each taken from its page and run as the page says."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from tests.docs.page import Page
from tests.docs.toolchain import Toolchain, environment

#: Go compiles its library first, on a machine that has never done so.
PATIENCE_S = 180.0

PYTHON = Toolchain((), "")


@dataclass(frozen=True, slots=True)
class Program:
    page: str
    title: str
    toolchain: Toolchain

    def __str__(self) -> str:
        return f"{self.page}:{self.title}"


@contextmanager
def running(
    program: Program, directory: Path, broker: str, *arguments: str, **more: str
) -> Iterator[subprocess.Popen[str]]:
    """The program as its page starts it, in a directory with what the page says to put there."""
    page = Page.read(program.page)
    if program.toolchain.install:
        assert program.toolchain.install in page.commands
    program.toolchain.lay(directory)
    (directory / program.title).write_text(page.programs[program.title])
    with (directory / "stderr").open("w") as stderr:
        process = subprocess.Popen(
            page.command(program.title, *arguments), cwd=directory, text=True, stderr=stderr,
            stdout=subprocess.PIPE, env=environment(RECAUG_KAFKA=broker, **more),
            start_new_session=True,
        )  # fmt: skip
    overdue = threading.Timer(PATIENCE_S, _kill, [process])
    overdue.start()
    try:
        yield process
    finally:
        overdue.cancel()
        _kill(process)
        process.communicate()


def _kill(process: subprocess.Popen[str]) -> None:
    # The group: `go run` and a shell start children of their own.
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


def said(directory: Path) -> str:
    return (directory / "stderr").read_text()
