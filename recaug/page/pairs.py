"""A sample of the stream: an event and the list it was answered with.

Shown are the newest few, in short; kept whole are some more, for whoever opens one.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from dataclasses import dataclass

from recaug.page.board import Message

SHOWN = 12
KEPT = 240
#: Events that wait for their answers; an answer comes within milliseconds.
WAITING = 2_000

#: What is larger is not kept whole. Anybody may write to a topic.
MOST_BYTES = 32_768

#: Milliseconds between two pairs shown: more than a few a second nobody can read.
GAP_MS = 250.0


@dataclass(slots=True)
class Pair:
    """Both as they are in their topics; the event is None until the page has read it."""

    user: str
    event: bytes | None
    answer: bytes


class Pairs:
    """By event id. One thread changes it; any may ask for a `whole` one."""

    def __init__(self) -> None:
        self._shown: deque[Message] = deque(maxlen=SHOWN)
        self._whole: OrderedDict[str, Pair] = OrderedDict()
        self._waiting: OrderedDict[str, bytes] = OrderedDict()
        self._next_ms = 0.0

    def saw(self, event_id: str, event: bytes) -> None:
        """Remember an event as clean made it; its answer may have been read before it."""
        if len(event) > MOST_BYTES:
            return
        pair = self._whole.get(event_id)
        if pair is not None:
            pair.event = event
            return
        self._waiting[event_id] = event
        if len(self._waiting) > WAITING:
            self._waiting.popitem(last=False)

    def wants(self, now_ms: float) -> bool:
        """Whether it is time for another one."""
        return now_ms >= self._next_ms

    def add(self, short: Message, answer: bytes, now_ms: float) -> None:
        """:param short: what is shown of it; `id` is the event's, and `user` who it is about."""
        self._next_ms = now_ms + GAP_MS
        self._shown.appendleft(short)
        event_id = str(short["id"])
        if len(answer) <= MOST_BYTES:
            event = self._waiting.pop(event_id, None)
            self._whole[event_id] = Pair(str(short["user"]), event, answer)
        if len(self._whole) > KEPT:
            self._whole.popitem(last=False)

    def whole(self, event_id: str) -> Pair | None:
        return self._whole.get(event_id)

    def forget(self, user: str) -> None:
        """Keep nothing of this user; the events that wait are everybody's, and short-lived."""
        kept = [short for short in self._shown if short["user"] != user]
        self._shown = deque(kept, maxlen=SHOWN)
        self._waiting.clear()
        for event_id in [name for name, pair in self._whole.items() if pair.user == user]:
            del self._whole[event_id]

    def shown(self) -> list[Message]:
        return list(self._shown)
