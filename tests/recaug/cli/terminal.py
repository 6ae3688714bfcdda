"""A command in a terminal of its own: what it draws, and keys pressed."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from recaug.settings import Settings

#: The terminal's other screen, entered and left.
ENTER, LEAVE = "\x1b[?1049h", "\x1b[?1049l"


class Terminal:
    """`with Terminal(settings, "top") as terminal:` — 80 columns by 24 lines."""

    def __init__(self, settings: Settings, *arguments: str) -> None:
        self.said = ""
        self._ours, theirs = pty.openpty()
        env = {**os.environ, "RECAUG_KAFKA": settings.kafka, "RECAUG_PREFIX": settings.prefix,
               "TERM": "xterm", "COLUMNS": "80", "LINES": "24"}  # fmt: skip
        command = [str(Path(sys.executable).parent / "recaug"), *arguments]
        # A session of its own: Ctrl-C in this terminal is for it alone.
        self._process = subprocess.Popen(
            command, stdin=theirs, stdout=theirs, stderr=theirs, env=env,
            start_new_session=True, preexec_fn=_own_terminal,
        )  # fmt: skip
        os.close(theirs)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()
        os.close(self._ours)

    def until(self, words: str, patience_s: float = 60.0) -> None:
        """Wait until it has drawn these words."""
        deadline_s = time.monotonic() + patience_s
        while words not in self.said:
            assert time.monotonic() < deadline_s, self.said
            self._hear()

    def press(self, keys: str) -> None:
        os.write(self._ours, keys.encode())

    def wait(self, patience_s: float = 60.0) -> int:
        """Return its exit code, once it has ended and all it drew is read."""
        deadline_s = time.monotonic() + patience_s
        while self._process.poll() is None:
            assert time.monotonic() < deadline_s, self.said
            self._hear()
        self._hear()
        return self._process.returncode

    def _hear(self) -> None:
        ready, _, _ = select.select([self._ours], [], [], 0.2)
        try:
            self.said += os.read(self._ours, 65_536).decode(errors="replace") if ready else ""
        except OSError:
            return  # its program has ended


def _own_terminal() -> None:
    import fcntl
    import termios

    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
