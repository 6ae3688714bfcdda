"""A disk whose power can fail at any call: what was not flushed is lost, as on a real one.

Calls that change names are counted, and `fsync`. At the chosen one `PowerLoss` is raised, and at
every later one too, so that no `finally` can tidy up after the fact. Then files that were not
flushed keep half of what was written to them, and names that were not flushed are as they were.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

_rename = os.rename
CALLS = ("fsync", "rename", "replace", "mkdir", "unlink", "rmdir", "link")


class PowerLoss(BaseException):
    """No Exception: nothing in the code under test may handle it."""


class Disk:
    """Everything under `root`; enter `failing` for each operation that may be cut short."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._flushed: dict[int, tuple[int, int]] = {}
        self._undo: list[tuple[int, Callable[[], object]]] = []
        self._left: int | None = None
        self.calls = 0

    @contextmanager
    def failing(self, at: int | None, names_too: bool = True) -> Iterator[None]:
        """Fail at call number `at`, counted from 0; never where that is None or beyond the last.

        `names_too`: names that were not flushed are lost as well, not the content alone.
        """
        self._left, self.calls = at, 0
        with pytest.MonkeyPatch.context() as patch:
            for name in CALLS:
                patch.setattr(os, name, self._watched(name, getattr(os, name)))
            try:
                yield
                return
            except PowerLoss:
                pass
        self._lose(names_too)

    def _watched(self, name: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            if self._left is not None and self.calls >= self._left:
                raise PowerLoss(name)
            self.calls += 1
            if name == "fsync":
                self._flush(args[0])
                return None  # the real one would only make the test slow
            if name in ("rename", "replace"):
                self._remember(Path(args[0]), Path(args[1]))
            return real(*args, **kwargs)

        return call

    def _flush(self, handle: int) -> None:
        found = os.fstat(handle)
        self._flushed[found.st_ino] = found.st_size, found.st_mtime_ns
        self._undo = [(place, undo) for place, undo in self._undo if place != found.st_ino]

    def _remember(self, old: Path, new: Path) -> None:
        if old.is_dir():
            undo: Callable[[], object] = lambda: new.is_dir() and _rename(new, old)  # noqa: E731
        else:
            before = new.read_bytes() if new.exists() else None
            undo = lambda: self._restore(new, before)  # noqa: E731
        self._undo.append((new.parent.stat().st_ino, undo))

    def _lose(self, names_too: bool) -> None:
        for path in self._root.rglob("*"):
            if path.is_file():
                found = path.stat()
                if self._flushed.get(found.st_ino) != (found.st_size, found.st_mtime_ns):
                    os.truncate(path, found.st_size // 2)
        for _, undo in reversed(self._undo) if names_too else ():
            undo()
        self._undo.clear()

    def _restore(self, path: Path, content: bytes | None) -> None:
        """What was there before was on the disk already."""
        if content is None:
            path.unlink(missing_ok=True)
            return
        path.write_bytes(content)
        found = path.stat()
        self._flushed[found.st_ino] = found.st_size, found.st_mtime_ns
