"""Checkpoints on disk: directories of files that are whole, proven so, and replaced as one.

    <root>/CURRENT                    the name of the checkpoint to go on from
    <root>/<number>/SHA256SUMS        a hash of every other file in it, as `sha256sum -c` reads it
    <root>/<number>/…                 whatever the caller wrote

Where the current one is damaged, or CURRENT itself, the newest that is whole takes its place: its
owner then reads the log again from the older offsets it holds, so nothing is lost.
"""

from __future__ import annotations

import hashlib
import logging
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final, TypeVar

from recaug import atomic, plain
from recaug.bounds import Bound, hit

T = TypeVar("T")

log = logging.getLogger(__name__)

CURRENT: Final = "CURRENT"
SUMS: Final = "SHA256SUMS"
#: Checkpoints kept: the current one, and one to fall back to.
KEPT: Final = 2
MAX_SUMS: Final = 1 << 20

_LINE: Final = re.compile(r"([0-9a-f]{64})  ([A-Za-z0-9][A-Za-z0-9._-]*)")
_NUMBER: Final = re.compile(r"\d{12}")


class Damaged(ValueError):
    """A checkpoint is not what was written."""


def save(root: Path, write: Callable[[Path], None]) -> Path:
    """Make what `write` puts into an empty directory the current checkpoint; forget older ones.

    Raises OSError, and then the one before is still the current one and nothing is left over.
    """
    atomic.make_directory(root)
    atomic.sweep(root)
    place = root / f"{1 + max(map(int, _names(root)), default=0):012d}"
    with atomic.directory(place) as aside:
        write(aside)
        _seal(aside)
    atomic.write_bytes(root / CURRENT, place.name.encode())
    forget(root)
    return place


def load(root: Path, read: Callable[[Path], T]) -> T | None:
    """What `read` makes of the current checkpoint, or else of the newest that is whole; or None.

    Those that were found damaged are deleted: nothing may be read from them, and nobody erased from
    them.
    """
    damaged: list[Path] = []
    for place in _candidates(root):
        try:
            _verify(place)
            found = read(place)
        except (OSError, ValueError, KeyError) as error:
            log.error("checkpoint %s is damaged: %s", place, error)
            damaged.append(place)
            continue
        if _current(root) != place.name:
            log.error("going on from checkpoint %s: the log is read again from there", place)
            _settle(root, place, damaged)
        return found
    if damaged:
        log.error("no checkpoint is whole: the log is read again from its beginning")
    return None


def forget(root: Path, kept: int = KEPT) -> None:
    """Delete all but the current checkpoint and the newest `kept` - 1 others."""
    current = _current(root)
    others = [name for name in _names(root) if name != current]
    for name in others[: len(others) - kept + 1]:
        hit(Bound.CHECKPOINTS)
        shutil.rmtree(root / name, ignore_errors=True)


def _seal(place: Path) -> None:
    lines = []
    for path in sorted(place.iterdir()):
        atomic.flush_file(path)
        lines.append(f"{_sha256(path)}  {path.name}\n")
    atomic.write_bytes(place / SUMS, "".join(lines).encode("ascii"))


def _verify(place: Path) -> None:
    """Raises Damaged, or OSError where a file cannot be read."""
    lines = plain.read(place / SUMS, MAX_SUMS).decode("ascii").splitlines()
    matched = [_LINE.fullmatch(line) for line in lines]
    sums = {match[2]: match[1] for match in matched if match}
    if not sums or len(sums) != len(lines):
        raise Damaged(f"{SUMS} is not a list of hashes")
    if sums.keys() != {path.name for path in place.iterdir()} - {SUMS}:
        raise Damaged(f"its files are not those in {SUMS}")
    for name, wanted in sums.items():
        if _sha256(place / name) != wanted:
            raise Damaged(f"{name} does not have its hash")


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _candidates(root: Path) -> Iterator[Path]:
    """The current checkpoint, then the others, newest first."""
    names = _names(root)
    current = _current(root)
    if names and current not in names:
        log.error("%s names no checkpoint", root / CURRENT)
    for name in sorted(names, key=lambda name: (name == current, name), reverse=True):
        yield root / name


def _current(root: Path) -> str | None:
    try:
        return plain.read(root / CURRENT, 64).decode("ascii").strip()
    except (OSError, UnicodeDecodeError):
        return None


def _names(root: Path) -> list[str]:
    if not root.is_dir():
        return []
    return sorted(p.name for p in root.iterdir() if p.is_dir() and _NUMBER.fullmatch(p.name))


def _settle(root: Path, place: Path, damaged: list[Path]) -> None:
    try:
        atomic.write_bytes(root / CURRENT, place.name.encode())
    except OSError as error:
        log.error("%s cannot be written: %s", root / CURRENT, error)
        return
    for one in damaged:
        shutil.rmtree(one, ignore_errors=True)
