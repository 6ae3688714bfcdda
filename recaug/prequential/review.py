"""Goes through what was answered, once it is on its way, and hands it to the judge.

    Review        begin · note · run · freeze · forget · take

The frozen model is the oldest there is: what would be served had nothing been learned since, beside
the same neighbours and popularity. It answers a sample (`Sampling`).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from recaug.ask import Ask
from recaug.message import Ranked
from recaug.prequential.judge import Ids, Judge, Served
from recaug.prequential.record import AT, Record
from recaug.prequential.sampling import Sampling
from recaug.ranker import Ranker
from recaug.score import Scorer
from recaug.settings import Settings
from recaug.shelf import Shelf

#: How old the popular items may be that a list is compared with, ms.
POPULAR_MS = 1_000.0


@dataclass(frozen=True, slots=True)
class Group:
    """Requests answered together, by one version."""

    asks: Sequence[Ask]
    ranked: Sequence[Ranked]
    shelf: Shelf
    version: str | None


@dataclass(frozen=True, slots=True)
class Frozen:
    scorer: Scorer
    version: str


class Review:
    """Not thread-safe; `Recommender` makes one change at a time."""

    def __init__(self, settings: Settings, ranker: Ranker, clock: Callable[[], float]) -> None:
        self._settings, self._ranker, self._clock = settings, ranker, clock
        self._judge = Judge(settings.model, settings.list_ttl_s, settings.list_size)
        self._noted = deque[Group]()
        self._sampling = Sampling()
        self._popular: tuple[float, Ids] = (-POPULAR_MS, ())
        self.frozen: Frozen | None = None

    def freeze(self, frozen: Frozen) -> None:
        """Compare with this model from now on."""
        self.frozen = frozen

    def begin(self) -> None:
        """A new batch: what of the one before nobody wanted judged is forgotten."""
        self._noted.clear()

    def note(self, group: Group) -> None:
        """Remember to look at these."""
        self._noted.append(group)

    def run(self, now_ms: float) -> bool:
        """Look at one group; False where there is none."""
        if not self._noted:
            return False
        group = self._noted.popleft()
        kept = list(self._see(group, now_ms))
        self._ask_frozen([pair for pair in zip(group.asks, kept, strict=True) if pair[1]], group)
        return True

    def forget(self, user: str) -> None:
        self._judge.forget(user)

    def take(self, now_ms: float) -> list[Record]:
        """What is to be published, about every ten seconds."""
        return self._judge.take(now_ms, self.frozen.version if self.frozen else None)

    def _see(self, group: Group, now_ms: float) -> Iterator[Served | None]:
        popular = self._shared(group.shelf, now_ms)
        for one, ranked in zip(group.asks, group.ranked, strict=True):
            yield self._judge.see(one.request, group.version, _ids(ranked), popular, now_ms)

    def _shared(self, shelf: Shelf, now_ms: float) -> Ids:
        """What is popular: one tuple for all who were served within a second."""
        if not 0.0 <= now_ms - self._popular[0] < POPULAR_MS:
            self._popular = now_ms, tuple([item for item, _ in shelf.popular])
        return self._popular[1]

    def _ask_frozen(self, found: Sequence[tuple[Ask, Served | None]], group: Group) -> None:
        """Note what the frozen model would have shown one of these, if there is time for one."""
        began_s = self._clock()
        if self.frozen is None or not found or not self._sampling.due(began_s):
            return
        one, served = found[int(1000.0 * began_s) % len(found)]
        asked = self._ranker.ask([one.request], [one.words], self.frozen.scorer)
        (ranked,) = self._ranker.rank(asked, self.frozen.scorer, group.shelf, [])
        if served is not None:
            served.frozen = _ids(ranked)
        self._sampling.took(began_s, self._clock())


def _ids(ranked: Ranked) -> Ids:
    return tuple([item["item_id"] for item in ranked.items[:AT]])
