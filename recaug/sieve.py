"""Which records of `recommendations` a reader gets: wanted, fresh, and each list once.

What is not wanted is told by key and headers, and never parsed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import dataclass

from pydantic import ValidationError
from pydantic_core import PydanticCustomError

from recaug.erase import Erasures
from recaug.events.recommendation import Recommendation
from recaug.events.times import to_ms
from recaug.kafka import Record
from recaug.windows import IdWindow

#: Ids of lists remembered, most: a list told twice within so many is dropped.
REMEMBERED = 100_000

Where = Callable[[Record], bool]


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which lists are asked for; None: all. A list must satisfy every part that is given.

    users       keys: `user_id`, or `anonymous_id` where there is none
    models      versions, header `model-version`
    events      kinds of event that are answered, header `source-event`
    where       any other question to key and headers
    """

    users: frozenset[bytes] | None = None
    models: frozenset[bytes] | None = None
    events: frozenset[bytes] | None = None
    where: Where | None = None

    @classmethod
    def of(
        cls,
        users: Collection[str] | None,
        models: Collection[str] | None,
        events: Collection[str] | None,
        where: Where | None,
    ) -> Wanted:
        return cls(_encoded(users), _encoded(models), _encoded(events), where)

    def has(self, record: Record) -> bool:
        return (
            (self.users is None or record.key in self.users)
            and (self.models is None or record.header("model-version") in self.models)
            and (self.events is None or record.header("source-event") in self.events)
            and (self.where is None or self.where(record))
        )


def _encoded(names: Collection[str] | None) -> frozenset[bytes] | None:
    if isinstance(names, str):
        raise TypeError(f"{names!r} is one name: give a list of them")
    return None if names is None else frozenset(name.encode() for name in names)


@dataclass(frozen=True, slots=True)
class Erased:
    """Somebody asked to be forgotten: `user` is their `user_id`, or `anonymous_id`."""

    user: str


class Sieve:
    """Reads one record after the other; `skipped` counts those that nobody gets, by reason."""

    def __init__(self, wanted: Wanted, lists: str, stale: bool = False) -> None:
        """
        :param lists: the topic of recommendations; any other is one of user documents.
        :param stale: whether lists that have expired are wanted too.
        """
        self.skipped: Counter[str] = Counter()
        self._wanted, self._lists, self._stale = wanted, lists, stale
        self._told = IdWindow(REMEMBERED)
        self._erasures = Erasures()

    def take(self, record: Record, now_ms: int) -> Recommendation | Erased | None:
        """What the record says to the reader; None where that is nothing."""
        if record.value is None:
            return self._erased(record)
        if record.topic != self._lists:  # a profile
            return None
        reason = self._unwanted(record, now_ms)
        found = None if reason else _read(record.value)
        if found is not None:
            reason = self._untold(found, now_ms)
        elif not reason:
            reason = "unreadable"
        if reason:
            self.skipped[reason] += 1
        return None if reason else found

    def _erased(self, record: Record) -> Erased | None:
        if not record.key:
            return None
        user = record.key.decode(errors="replace")
        self._erasures.erase(user, record.timestamp_ms)
        return Erased(user)

    def _unwanted(self, record: Record, now_ms: int) -> str:
        """Why it is not parsed; "" where it is."""
        if not self._wanted.has(record):
            return "filtered"
        # The topics are two: a list from before the null may come after it.
        user = (record.key or b"").decode(errors="replace")
        if self._erasures.covers(user, record.timestamp_ms):
            return "erased"
        until = record.header("ce_expirytime")
        return "expired" if until is not None and self._late(until.decode(), now_ms) else ""

    def _untold(self, found: Recommendation, now_ms: int) -> str:
        if self._late(found.expires_at, now_ms):
            return "expired"
        return "" if self._told.add(found.recommendation_id) else "duplicate"

    def _late(self, until: str, now_ms: int) -> bool:
        if self._stale:
            return False
        try:
            at = to_ms(until)
        except PydanticCustomError:
            return False
        return isinstance(at, int) and at <= now_ms


def _read(value: bytes) -> Recommendation | None:
    try:
        return Recommendation.model_validate_json(value)
    except ValidationError:
        return None
