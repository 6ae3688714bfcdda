"""Hands what threads know to the web server's event loop.

Board    the newest value of each section of the page, with a version
Post     answers for one user, delivered at once to every window that user has open
"""

from __future__ import annotations

import asyncio
import threading
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from recaug.bounds import Bound, hit

#: Messages a window may be behind before it misses some; it catches up with the next.
MAILBOX = 64

Message = dict[str, Any]


class Board:
    """Sections by name. Values are replaced, never changed, so a reader may keep one."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._sections: dict[str, tuple[int, Any]] = {}

    def put(self, name: str, value: Any) -> None:
        """Replace a section; a value equal to the present one is no news."""
        with self._lock:
            version, present = self._sections.get(name, (0, None))
            if version == 0 or present != value:
                self._sections[name] = (version + 1, value)

    def news(self, seen: dict[str, int]) -> Message:
        """Return the sections newer than `seen`, and note them there as seen."""
        with self._lock:
            sections = dict(self._sections)
        fresh = {name: value for name, (v, value) in sections.items() if v > seen.get(name, 0)}
        seen.update({name: sections[name][0] for name in fresh})
        return fresh


class Post:
    """Mailboxes of the open windows; `deliver` may be called from any thread."""

    def __init__(self) -> None:
        self._boxes: dict[str, set[asyncio.Queue[Message]]] = defaultdict(set)
        self._loop: asyncio.AbstractEventLoop | None = None

    @contextmanager
    def open(self, user: str) -> Iterator[asyncio.Queue[Message]]:
        """Receive what is delivered to `user`; call it from the event loop."""
        self._loop = asyncio.get_running_loop()
        box: asyncio.Queue[Message] = asyncio.Queue(MAILBOX)
        self._boxes[user].add(box)
        try:
            yield box
        finally:
            self._boxes[user].discard(box)
            if not self._boxes[user]:
                del self._boxes[user]

    def deliver(self, user: str, message: Message) -> None:
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._put, user, message)

    def _put(self, user: str, message: Message) -> None:
        for box in self._boxes.get(user, ()):
            if box.full():
                hit(Bound.PAGE_MAILBOX)
            else:
                box.put_nowait(message)
