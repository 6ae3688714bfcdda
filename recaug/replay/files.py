"""Opening data files: plain, gzip or zstd, in whatever Unicode, whatever they are called.

A file that is no text is refused by what it is, and with the command that mends it.
"""

from __future__ import annotations

import codecs
import gzip
import io
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from recaug.errors import Failure

_GZIP, _ZSTD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"
PARQUET = b"PAR1"
#: How other files begin, what they are, and how they become text.
_STRANGERS = (
    (b"PK\x03\x04", "a zip archive or an Excel workbook", "unzip it, or save the sheet as CSV"),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook", "save the sheet as CSV"),
    (b"BZh", "packed with bzip2", "bunzip2 it first"),
    (b"\xfd7zXZ", "packed with xz", "unxz it first"),
    (b"7z\xbc\xaf", "a 7z archive", "unpack it, and name a file of it"),
    (b"Obj\x01", "an Avro file", "export it as Parquet, CSV or JSON lines"),
    (b"ORC", "an ORC file", "export it as Parquet, CSV or JSON lines"),
    (b"SQLite format 3", "an SQLite database", "sqlite3 -header -csv FILE 'select …' > data.csv"),
    (b"%PDF", "a PDF", "ask for the data as CSV"),
    (b"\x80\x04", "a Python pickle", "write it with DataFrame.to_parquet or to_csv"),
    (b"\x80\x05", "a Python pickle", "write it with DataFrame.to_parquet or to_csv"),
    (b"\x89HDF", "an HDF5 file", "write it with DataFrame.to_parquet or to_csv"),
)
#: Bytes looked at to learn the encoding.
_PEEK = 262_144
_PACKED = (".gz", ".zst", ".zstd")


def read_lines(path: Path) -> Iterator[str]:
    """The lines of a text file without their line ends; bytes that are no text show as �.

    :raises Failure: it cannot be read, is no text, or ends in the middle.
    """
    with opened(path) as plain:
        encoding = _encoding(plain.read(_PEEK))
    with (
        opened(path) as plain,
        io.TextIOWrapper(plain, encoding=encoding, errors="replace") as text,
    ):
        for line in text:
            yield line.rstrip("\r\n")


@contextmanager
def opened(path: Path) -> Iterator[io.BufferedReader]:
    """The bytes of a file, unpacked.

    :raises Failure: it cannot be read, is of another kind, or ends in the middle.
    """
    try:
        with path.open("rb") as raw, _unpacked(raw) as plain:
            _refuse_strangers(path, plain)
            yield plain
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise _damaged(path, error) from error
    except OSError as error:
        raise Failure(
            f"{path} cannot be read", error.strerror or str(error), "name another file"
        ) from error


def head(path: Path, count: int = 8) -> bytes:
    """The first bytes as they are on disk."""
    with path.open("rb") as raw:
        return raw.read(count)


def encoding(path: Path) -> str:
    """In which encoding the file is read; "" for UTF-8, which needs no mention."""
    with opened(path) as plain:
        found = _encoding(plain.read(_PEEK))
    return "" if found == "utf-8-sig" else found


def suffix(path: Path) -> str:
    """What kind of file the name says it is, in lower case: `.inter` for `ml-100k.inter.gz`."""
    return _bare(path).suffix.lower()


def stem(path: Path) -> str:
    """The name without its endings: `ml-100k` for `ml-100k.inter.gz`."""
    return _bare(path).stem


def sibling(path: Path, name: str) -> Path | None:
    """The file `name` beside `path`, packed or not; None when there is neither."""
    for ending in ("", *_PACKED):
        if (candidate := path.with_name(name + ending)).is_file():
            return candidate
    return None


def _bare(path: Path) -> Path:
    return path.with_suffix("") if path.suffix.lower() in _PACKED else path


def _unpacked(raw: io.BufferedReader) -> io.BufferedReader:
    mark = raw.peek(4)[:4]
    if mark[:2] == _GZIP:
        return io.BufferedReader(gzip.GzipFile(fileobj=raw))
    if mark == _ZSTD:
        return io.BufferedReader(_Zstd(raw))
    return raw


class _Zstd(io.RawIOBase):
    """Unpacks frame after frame; unlike zstandard's own reader it notices a missing end."""

    def __init__(self, raw: io.BufferedReader) -> None:
        from zstandard import ZstdDecompressor

        self._raw, self._new = raw, ZstdDecompressor().decompressobj
        self._frame: Any = None  # the one that has begun and not ended
        self._packed = self._ready = b""

    def readable(self) -> bool:
        return True

    def readinto(self, into: Any) -> int:
        while not self._ready and self._more():
            pass
        count = min(len(into), len(self._ready))
        into[:count], self._ready = self._ready[:count], self._ready[count:]
        return count

    def _more(self) -> bool:
        """Unpack a piece; False at the end of the file."""
        from zstandard import ZstdError

        packed = self._packed or self._raw.read(65_536)
        if not packed and self._frame is not None:
            raise EOFError("it stops before its last frame does")
        frame = self._frame or self._new()
        try:
            self._ready = frame.decompress(packed) if packed else b""
        except ZstdError as error:
            raise EOFError(str(error)) from error
        self._packed = frame.unused_data
        self._frame = None if frame.eof or not packed else frame
        return bool(packed)


def _encoding(start: bytes) -> str:
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    try:
        # Not final: the last character may be cut.
        codecs.getincrementaldecoder("utf-8")().decode(start)
    except UnicodeDecodeError:
        return "cp1252"  # what MovieLens and Excel write
    return "utf-8-sig"


def _refuse_strangers(path: Path, plain: io.BufferedReader) -> None:
    start = plain.peek(512)[:512]
    for mark, what, mend in _STRANGERS:
        if start.startswith(mark):
            raise Failure(f"{path.name} cannot be read", f"it is {what}", mend)
    if start[257:262] == b"ustar":
        raise Failure(f"{path.name} cannot be read", "it is a tar archive", f"tar xf {path.name}")
    text = start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, PARQUET))
    if b"\x00" in start and not text:
        raise Failure(
            f"{path.name} cannot be read",
            f"it is no text: byte {start.index(0)} is zero",
            "give JSON lines, CSV, Parquet, RecBole .inter, MovieLens, or `user item` lines",
        )


def _damaged(path: Path, error: Exception) -> Failure:
    return Failure(
        f"{path.name} is damaged", f"it cannot be unpacked to its end: {error}", "fetch it again"
    )
