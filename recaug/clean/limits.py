"""Floods and bots: what one sender may do before it is refused, by settings no honest one meets.

Every table here is bounded. A flood of invented users can push a sender out of one and so clear its
count; it cannot grow the table.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from recaug.bounds import Bound, hit
from recaug.events import Reason, Rejection
from recaug.settings import Settings

#: Senders, items or pairs of them watched at once.
WATCHED = 100_000
#: A replayed data set arrives faster than it happened: so many times the limit may arrive at once.
BULK = 10
#: How far a gap may be from the one before and still be called regular.
REGULAR = 0.1


class Rate:
    """Events per key in a sliding window, estimated from two fixed ones: this and the one before.

    What is refused counts too: whoever is over stays refused until it slows down. Events older than
    both windows pass uncounted, so a data set in any order of time is not taken for a flood.
    """

    def __init__(self, window_ms: int, most: int) -> None:
        self._window_ms, self._most = window_ms, most
        # Number of the newest window, events in it, events in the one before.
        self._counts: dict[Hashable, list[int]] = {}

    def over(self, key: Hashable, at_ms: int) -> bool:
        """Count an event at `at_ms`; True when it is more than `most`."""
        number = at_ms // self._window_ms
        count = self._counts.get(key)
        if count is None:
            self._counts[key] = [number, 1, 0]
            _bound(self._counts)
            return False
        if number != count[0]:
            ahead = number - count[0]
            if ahead < 0:
                return self._over_before(count, ahead)
            count[:] = number, 0, count[1] if ahead == 1 else 0
        count[1] += 1
        if count[1] + count[2] <= self._most:
            return False
        return count[1] + count[2] * (1 - at_ms / self._window_ms + number) > self._most

    def _over_before(self, count: list[int], ahead: int) -> bool:
        if ahead < -1:
            return False
        count[2] += 1
        return count[2] > self._most


def _bound(table: dict[Any, Any]) -> None:
    """Forget the older half of a full table."""
    if len(table) > WATCHED:
        hit(Bound.WATCHED)
        for oldest in list(islice(table, WATCHED // 2)):
            del table[oldest]


@dataclass(slots=True)
class _Beat:
    """A user's run of events at one interval."""

    last_ms: int
    gap_ms: int = 0
    run: int = 0
    targets: set[str] = field(default_factory=set)


class Metronome:
    """Users whose live events come at one interval, hundreds in a row, on few things.

    Few: at most half of `events`. A data set replayed at a fixed rate is as regular, but is about
    something else each time.
    """

    def __init__(self, window_ms: int, events: int) -> None:
        self._window_ms, self._events = window_ms, events
        self._beats: dict[str, _Beat] = {}

    def is_bot(self, user: str, targets: Iterable[str], told_ms: int, arrived_ms: int) -> bool:
        """Take in one event; True while its user's run is that of a bot."""
        beat = self._beats.get(user)
        if beat is None:
            self._beats[user] = _Beat(told_ms)
            _bound(self._beats)
            return False
        gap_ms, beat.last_ms = told_ms - beat.last_ms, told_ms
        live = abs(arrived_ms - told_ms) <= self._window_ms and 0 < gap_ms <= self._window_ms
        if not live or abs(gap_ms - beat.gap_ms) > REGULAR * beat.gap_ms:
            beat.gap_ms, beat.run, beat.targets = gap_ms, 0, set()
            return False
        beat.run += 1
        if len(beat.targets) < self._events:
            beat.targets.update(targets)
        return beat.run >= self._events and 2 * len(beat.targets) <= self._events


class Limits:
    """All limits of one worker; raises a `Rejection` for the event that is over one.

    Users are counted by the time their events tell, so that a data set may be replayed faster than
    it happened. Events of another time than now are counted by arrival too, more widely, for told
    times can be forged. A time ahead of arrival counts as arrival: else one such event would make
    all later ones old.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._window_ms = window_ms = max(1, round(settings.flood_window_s * 1000))
        self._told = Rate(window_ms, settings.user_limit)
        self._arrived = Rate(window_ms, BULK * settings.user_limit)
        self._pairs = Rate(window_ms, settings.user_item_limit)
        self._items = Rate(window_ms, settings.item_limit)
        self._metronome = Metronome(window_ms, settings.bot_events)

    def admit(self, user: str, targets: tuple[str, ...], told_ms: int, arrived_ms: int) -> None:
        if self._metronome.is_bot(user, targets, told_ms, arrived_ms):
            raise self._bot(user)
        told_ms = min(told_ms, arrived_ms)
        late = told_ms // self._window_ms != arrived_ms // self._window_ms
        if self._told.over(user, told_ms) or (late and self._arrived.over(user, arrived_ms)):
            most = self._settings.user_limit
            raise self._flood(Reason.USER_FLOOD, f"User {user!r}", most, "USER_LIMIT")
        for target in targets:
            if self._pairs.over((user, target), told_ms):
                who, most = f"User {user!r} on {target!r}", self._settings.user_item_limit
                raise self._flood(Reason.USER_ITEM_FLOOD, who, most, "USER_ITEM_LIMIT")
            if self._items.over(target, arrived_ms):
                raise self._flood(
                    Reason.ITEM_FLOOD, repr(target), self._settings.item_limit, "ITEM_LIMIT"
                )

    def _flood(self, reason: Reason, who: str, most: int, setting: str) -> Rejection:
        return Rejection(
            reason,
            f"{who} had more than {most:,} events within {self._settings.flood_window_s:g} s: send"
            f" fewer, or raise the limit, RECAUG_{setting}.",
        )

    def _bot(self, user: str) -> Rejection:
        return Rejection(
            Reason.BOT,
            f"User {user!r} sent more than {self._settings.bot_events:,} events in a row at one"
            " interval on few items, as a script does: stop it, or raise RECAUG_BOT_EVENTS.",
        )
