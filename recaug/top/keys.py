"""Reads single keys from a terminal, without a return and without showing them."""

from __future__ import annotations

import select
import sys
import termios
import tty
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def single_keys() -> Iterator[None]:
    """While it is open the terminal hands over every key at once; Ctrl-C still interrupts."""
    if not sys.stdin.isatty():
        yield
        return
    number = sys.stdin.fileno()
    before = termios.tcgetattr(number)
    tty.setcbreak(number)
    try:
        yield
    finally:
        termios.tcsetattr(number, termios.TCSADRAIN, before)


def key(wait_s: float) -> str:
    """Return the key that is pressed within `wait_s`, else an empty string."""
    if not sys.stdin.isatty():
        select.select([], [], [], wait_s)
        return ""
    ready, _, _ = select.select([sys.stdin], [], [], wait_s)
    return sys.stdin.read(1) if ready else ""
