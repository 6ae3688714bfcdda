"""What a bench is doing, told on standard error while it does it."""

from __future__ import annotations

import sys
import time

_BEGAN = time.monotonic()


def say(what: str) -> None:
    """One line with the seconds since the start."""
    sys.stderr.write(f"[{time.monotonic() - _BEGAN:6.1f} s] {what}\n")
    sys.stderr.flush()
