"""Files read whole, and only plain ones: no link, no pipe, no device, nothing larger than expected.

What is checked is what is used: callers hash the bytes returned and open the file no second time.
"""

from __future__ import annotations

import errno
import io
import os
import stat
from pathlib import Path

CHUNK = 1 << 24


class NotPlain(OSError):
    """The name is there, but not as a plain file of a size that may be read."""


def read(path: Path, most: int) -> bytes:
    """The content of a plain file of at most `most` bytes.

    Raises NotPlain for a link, a pipe, a device, a directory or a larger file; OSError as `open`.
    """
    # O_NONBLOCK: opening a pipe must not wait for somebody to write into it.
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    try:
        handle = os.open(path, flags)
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise NotPlain(error.errno, "not a plain file", str(path)) from error
        raise
    with open(handle, "rb", buffering=0) as file:
        found = os.fstat(handle)
        if not stat.S_ISREG(found.st_mode):
            raise NotPlain(errno.EINVAL, "not a plain file", str(path))
        if found.st_size > most:
            raise NotPlain(errno.EFBIG, f"{found.st_size} bytes, more than {most}", str(path))
        return _all(file, most, path)


def _all(file: io.RawIOBase, most: int, path: Path) -> bytes:
    parts, size = [], 0
    while part := file.read(CHUNK):
        parts.append(part)
        size += len(part)
        if size > most:  # it grew while it was read
            raise NotPlain(errno.EFBIG, f"more than {most} bytes", str(path))
    return b"".join(parts)
