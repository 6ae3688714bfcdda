"""Opening data files: plain or gzip, whatever they are called."""

from __future__ import annotations

import gzip
import io
from collections.abc import Iterator
from pathlib import Path

_GZIP = b"\x1f\x8b"


def read_lines(path: Path) -> Iterator[str]:
    """The lines of a text file without their line ends; bytes that are not UTF-8 show as �."""
    with path.open("rb") as raw:
        packed = raw.read(2) == _GZIP
        raw.seek(0)
        plain = gzip.GzipFile(fileobj=raw) if packed else raw
        with io.TextIOWrapper(plain, encoding="utf-8-sig", errors="replace") as text:
            for line in text:
                yield line.rstrip("\r\n")


def suffix(path: Path) -> str:
    """What kind of file the name says it is, in lower case: `.inter` for `ml-100k.inter.gz`."""
    return _bare(path).suffix.lower()


def stem(path: Path) -> str:
    """The name without its endings: `ml-100k` for `ml-100k.inter.gz`."""
    return _bare(path).stem


def sibling(path: Path, name: str) -> Path | None:
    """The file `name` beside `path`, packed or not; None when there is neither."""
    for candidate in (path.with_name(name), path.with_name(f"{name}.gz")):
        if candidate.is_file():
            return candidate
    return None


def _bare(path: Path) -> Path:
    return path.with_suffix("") if path.suffix.lower() == ".gz" else path
