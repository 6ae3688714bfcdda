"""Files and directories that appear whole or not at all.

They are written aside, flushed to the disk, then renamed.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def alone(directory: Path) -> Iterator[None]:
    """Wait until no other process that asks is in `directory`. Raises OSError: it is not there."""
    handle = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def flush_directory(path: Path) -> None:
    """Make the names in `path` durable; a rename alone may be lost with the power."""
    handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def flush_file(path: Path) -> None:
    """Make what another writer put into `path` durable."""
    with path.open("rb") as file:
        os.fsync(file.fileno())


def make_directory(path: Path) -> None:
    """Make `path` and its parents, durably; nothing happens where it exists."""
    if path.is_dir():
        return
    make_directory(path.parent)
    path.mkdir(exist_ok=True)
    flush_directory(path.parent)


@contextmanager
def directory(path: Path) -> Iterator[Path]:
    """An empty directory to fill, which is at `path` once the block has ended without an error.

    Flush the files in it. After an error, whichever, nothing is left.
    Raises OSError: `path` exists and is not empty, or there is no room.
    """
    aside = _aside(path)
    shutil.rmtree(aside, ignore_errors=True)  # of an earlier process with this number
    make_directory(path.parent)
    aside.mkdir()
    try:
        yield aside
        flush_directory(aside)
        aside.rename(path)
    except BaseException:
        shutil.rmtree(aside, ignore_errors=True)  # on a full disk it is room that is missing
        raise
    flush_directory(path.parent)


def hide(path: Path) -> None:
    """Take `path` away from its readers, at once and whole; `sweep` deletes it."""
    path.rename(_aside(path))


def sweep(within: Path) -> None:
    """Delete what was hidden in `within`, and what killed processes left there half written."""
    for leftover in within.glob(".*.aside"):
        if leftover.is_dir():
            shutil.rmtree(leftover, ignore_errors=True)
        else:
            leftover.unlink(missing_ok=True)


def write_bytes(path: Path, data: bytes, mode: int = 0o644) -> None:
    """Replace `path` by `data`: a reader sees the old bytes or the new, never a part.

    The file has `mode` from its first byte on. Raises OSError, and then `path` is as it was.
    """
    aside = _aside(path)
    aside.unlink(missing_ok=True)  # of an earlier process with this number, which was killed
    try:
        handle = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
        with open(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)
    flush_directory(path.parent)


def _aside(path: Path) -> Path:
    return path.with_name(f".{path.name}.{os.getpid()}.aside")
