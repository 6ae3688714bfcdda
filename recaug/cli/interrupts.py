"""Ctrl-C that is not lost.

Python raises `KeyboardInterrupt` wherever the main thread is. In a finalizer or a callback of a
library nothing may be raised: there it is dropped, and whoever watched goes on as if nobody had
asked. Seen once in `recaug lag -w`, which then stayed for ever; `recaug top` is one that would.
"""

from __future__ import annotations

import signal
from collections.abc import Iterable, Iterator
from types import FrameType
from typing import TypeVar

T = TypeVar("T")


def interruptible(each: Iterable[T]) -> Iterator[T]:
    """The same, in the main thread; raises KeyboardInterrupt at the next one if it was dropped."""
    asked = False

    def on_signal(_number: int, _frame: FrameType | None) -> None:
        nonlocal asked
        asked = True
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGINT, on_signal)
    try:
        for one in each:
            if asked:
                raise KeyboardInterrupt
            yield one
    finally:
        signal.signal(signal.SIGINT, before)
