"""Looks for what users do next in the lists they were served: score first, learn after.

    Served        the list somebody was served last, and what was possible in its place
    Judge         see · forget · take

The history of a user tells what is new to them, so an event that comes twice is a target once. A
list is judged until it expires: after that nobody was shown it.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

from recaug.bounds import Bound, hit
from recaug.events import items_of, user_key
from recaug.events.kinds import SOCIAL
from recaug.history import History
from recaug.message import Request
from recaug.prequential.record import AT, Cell, Record, Sample, Sums

#: Users whose last list is kept: ten ids, or twenty, that other tables hold anyhow.
USERS = 100_000
#: Versions counted between two records: lists live half an hour.
VERSIONS = 8
#: Time between two records, ms.
PERIOD_MS = 10_000

Ids = tuple[str, ...]
Source = Literal["clicks", "searches", "social"]
Bucket = Literal["new", "short", "long"]


class Place(NamedTuple):
    """What is summed together."""

    version: str | None
    source: Source
    bucket: Bucket


@dataclass(slots=True)
class Served:
    """What there was for one user at one time, best first; `frozen` for a sample only."""

    place: Place
    offset: int
    until_ms: float
    served: Ids
    popular: Ids  # to everybody: deep enough that ten are left without what the user had
    frozen: Ids | None = None


class Judge:
    """Not thread-safe; `Recommender` makes one change at a time."""

    def __init__(self, model: str, ttl_s: float, size: int = AT) -> None:
        """
        :param ttl_s: how long a list may be shown.
        :param size: places of a list, of which `AT` count at most.
        """
        self._model, self._ttl_ms, self._size = model, 1000.0 * ttl_s, min(size, AT)
        self._lists: OrderedDict[str, Served] = OrderedDict()
        self._tallies: dict[Place, _Tally] = {}
        self._from_ms = 0

    def see(
        self, request: Request, version: str | None, served: Ids, popular: Ids, now_ms: float
    ) -> Served | None:
        """Judge the user's last list by a request, and keep the one that answers it.

        Returns what is kept, so that the frozen model's list may be added; None for somebody of
        whom nothing is kept.
        """
        self._expire(now_ms)
        self._from_ms = self._from_ms or int(now_ms)
        user, history = user_key(request.event), request.history
        last = self._lists.pop(user, None)
        if history is None or not request.consent:
            return None
        # Records read again come with old offsets, and were judged when they were read first.
        if last and last.offset < request.offset and now_ms <= last.until_ms:
            self._score(last, _targets(request.event, history), history)
        place = Place(version, _source(request.event["event"]), _bucket(len(history)))
        offset = max(request.offset, last.offset if last else 0)
        until_ms = now_ms + self._ttl_ms
        return self._keep(user, Served(place, offset, until_ms, served[: self._size], popular))

    def _expire(self, now_ms: float) -> None:
        while self._lists:
            user, oldest = next(iter(self._lists.items()))
            if now_ms <= oldest.until_ms:
                return
            del self._lists[user]

    def _keep(self, user: str, new: Served) -> Served:
        self._lists[user] = new
        if len(self._lists) > USERS:
            hit(Bound.JUDGED_USERS)
            self._lists.popitem(last=False)
        return new

    def _score(self, last: Served, targets: Sequence[str], history: History) -> None:
        if not targets or (tally := self._tally(last.place)) is None:
            return
        had = {*history.items, *history.hidden}.difference(targets)
        popular = [item for item in last.popular if item not in had][: self._size]
        for target in targets:
            frozen = None if last.frozen is None else _worth(last.frozen[: self._size], target)
            tally.add(_worth(last.served, target), _worth(popular, target), frozen)

    def _tally(self, place: Place) -> _Tally | None:
        tally = self._tallies.get(place)
        if tally is None:
            if len({at.version for at in self._tallies} | {place.version}) > VERSIONS:
                hit(Bound.JUDGED_VERSIONS)
                return None
            tally = self._tallies[place] = _Tally()
        return tally

    def forget(self, user: str) -> None:
        """Keep nothing of a user; sums that they are part of remain, and name nobody."""
        self._lists.pop(user, None)

    def take(self, now_ms: float, frozen_version: str | None) -> list[Record]:
        """What was counted, a record a version, once `PERIOD_MS` have passed; else nothing."""
        if now_ms - self._from_ms < PERIOD_MS:
            return []
        cells: dict[str | None, list[Cell]] = {}
        for place, tally in self._tallies.items():
            cells.setdefault(place.version, []).append(tally.cell(place))
        span = {"from_ms": self._from_ms, "to_ms": int(now_ms)}
        self._tallies.clear()
        self._from_ms = int(now_ms)
        return [
            Record(model=self._model, version=version, frozen_version=frozen_version,
                   cells=tuple(some), **span)
            for version, some in cells.items()
        ]  # fmt: skip


def _targets(event: Mapping[str, Any], history: History) -> list[str]:
    """Items of an event that its user had not had, by the history that holds it already."""
    return [item for item in dict.fromkeys(items_of(event)) if history.items.count(item) == 1]


def _source(kind: str) -> Source:
    if kind == "search":
        return "searches"
    return "social" if kind in SOCIAL else "clicks"


def _bucket(events: int) -> Bucket:
    if events <= 2:
        return "new"
    return "short" if events <= 20 else "long"


#: Hit, discounted gain and reciprocal rank of each place.
_WORTH = tuple((1, 1.0 / math.log2(at + 2.0), 1.0 / (at + 1.0)) for at in range(AT))
_NOTHING = (0, 0.0, 0.0)
_Worth = tuple[int, float, float]


def _worth(ids: Sequence[str], target: str) -> _Worth:
    return _WORTH[ids.index(target)] if target in ids else _NOTHING


@dataclass(slots=True)
class _Sums:
    hits: int = 0
    ndcg: float = 0.0
    mrr: float = 0.0

    def add(self, worth: _Worth) -> None:
        self.hits += worth[0]
        self.ndcg += worth[1]
        self.mrr += worth[2]

    def done(self) -> Sums:
        return Sums(hits=self.hits, ndcg=self.ndcg, mrr=self.mrr)


@dataclass(slots=True)
class _Tally:
    """A cell while it is counted."""

    targets: int = 0
    served: _Sums = field(default_factory=_Sums)
    popularity: _Sums = field(default_factory=_Sums)
    gain_squares: float = 0.0
    sampled: int = 0
    sample: tuple[_Sums, _Sums, _Sums] = field(default_factory=lambda: (_Sums(), _Sums(), _Sums()))

    def add(self, served: _Worth, popularity: _Worth, frozen: _Worth | None) -> None:
        self.targets += 1
        self.served.add(served)
        self.popularity.add(popularity)
        self.gain_squares += (served[1] - popularity[1]) ** 2
        if frozen is not None:
            self.sampled += 1
            for sums, worth in zip(self.sample, (served, popularity, frozen), strict=True):
                sums.add(worth)

    def cell(self, place: Place) -> Cell:
        served, popularity, frozen = (sums.done() for sums in self.sample)
        return Cell(
            source=place.source, bucket=place.bucket, targets=self.targets,
            served=self.served.done(), popularity=self.popularity.done(),
            gain_squares=self.gain_squares,
            sample=Sample(
                targets=self.sampled, served=served, popularity=popularity, frozen=frozen
            ),
        )  # fmt: skip
