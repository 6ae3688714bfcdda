"""Logs of child processes, which would otherwise grow for as long as the child runs."""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from pathlib import Path

from recaug.bounds import Bound, hit

#: A log that has grown beyond this is set aside as `NAME.log.1`.
MAX_BYTES = 32 * 1024 * 1024


def shorten(log: Path, most: int = MAX_BYTES) -> bool:
    """Set a log that has grown too long aside, replacing the one set aside before; True if it had.

    Copied and emptied, not renamed: its writer has it open, and appends to the empty file. What is
    written between the two is lost.
    """
    with suppress(OSError):
        if log.stat().st_size > most:
            hit(Bound.LOG_FILE)
            shutil.copyfile(log, log.with_name(f"{log.name}.1"))
            os.truncate(log, 0)
            return True
    return False
