"""Ctrl-C and SIGTERM: at once while things start, in order while they run, at once if repeated."""

from __future__ import annotations

import signal
from types import FrameType
from typing import Any

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Stopping:
    """Notes that someone wants to stop.

    Until `patient` is set the signal raises `KeyboardInterrupt`; after that the first one only sets
    `wanted`, and a second one raises.
    """

    def __init__(self) -> None:
        self.wanted = False
        self.patient = False
        self._before: dict[signal.Signals, Any] = {}

    def __enter__(self) -> Stopping:
        self._before = {number: signal.signal(number, self._on) for number in SIGNALS}
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _on(self, _number: int, _frame: FrameType | None) -> None:
        if self.wanted or not self.patient:
            raise KeyboardInterrupt
        self.wanted = True
