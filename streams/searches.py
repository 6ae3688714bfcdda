"""Lets a worker read searches once the text encoder is on its disk, where learn puts it.

A thread of its own, so that nothing waits for that: until then, or where it never comes, searches
are answered as clicks are.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

from recaug.errors import Failure
from recaug.searched import Encode
from recaug.text import TextEncoder
from streams.logs import logger

log = logger(__name__)

#: Time between two looks, seconds.
LOOK_S = 5.0


class Searches:
    """Hands the encoder in the directory `place` to `read`, once, from `start()` on."""

    def __init__(self, place: Path, read: Callable[[Encode], None], look_s: float = LOOK_S) -> None:
        self._place, self._read, self._look_s = place, read, look_s
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._run, name="searches", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        """Look no further."""
        self._closed.set()
        self._thread.join()

    def _run(self) -> None:
        if not self._place.exists():
            log.info("searches are answered without their words until %s is there", self._place)
        while not self._place.exists():
            if self._closed.wait(self._look_s):
                return
        try:
            encoder = TextEncoder.load(self._place)
        except Failure as unusable:
            log.error("searches are answered without their words: %s", unusable)
            return
        self._read(encoder.encode)
        log.info("searches are read by %s", encoder.name)
