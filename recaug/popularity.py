"""What everybody likes lately: one number per item that halves every half-life."""

from __future__ import annotations

import heapq
from collections.abc import Container, Mapping
from itertools import islice

from recaug.bounds import Bound, hit

#: Half-lives the scale may run ahead before every number is written anew: 2^64 fits a float well.
_SCALE_MAX = 64.0
#: Items counted.
CAPACITY = 200_000
#: The best items, kept apart and in order: between this many and twice as many.
_POOL = 1_000
#: What is left of a score after all of it was taken back is less than this part of it, or of the
#: newest event: of that, where events of very different age were added up.
_ROUNDING = 1e-9


class Popularity:
    """Decayed counts, and the best of them at any moment.

    All scores decay alike, so time never changes their order; only `add` does. That is why a pool
    of the best stays exact by looking at the one item an `add` touches.

    half_life_s  seconds after which an event counts half
    capacity     items remembered; past it the least popular are forgotten
    """

    def __init__(self, half_life_s: float, capacity: int = CAPACITY) -> None:
        if half_life_s <= 0 or capacity < 1:
            raise ValueError(f"half_life_s {half_life_s} and capacity {capacity} must be positive")
        self._half_life_ms = half_life_s * 1000.0
        self._capacity = capacity
        # Scores as they were or will be at this time: adding never touches the other items.
        self._scale_ms = self._newest_ms = 0
        self._scores: dict[str, float] = {}
        self._pool: set[str] = set()
        self._floor = (0.0, "")  # no item outside the pool ranks higher
        self._order: list[str] | None = []

    def __len__(self) -> int:
        return len(self._scores)

    def score(self, item: str, now_ms: int) -> float:
        return self._scores.get(item, 0.0) * self._decay(now_ms)

    def add(self, item: str, at_ms: int, weight: float = 1.0) -> None:
        """Count one event of `item` at `at_ms`, in any order of time. Raises ValueError."""
        if not 0.0 < weight < 1e200:
            raise ValueError(f"weight {weight} is not positive and finite")
        if not self._scores:
            self._scale_ms = at_ms
        self._newest_ms = max(self._newest_ms, at_ms)
        ahead = (at_ms - self._scale_ms) / self._half_life_ms
        if ahead > _SCALE_MAX:
            self._rescale(at_ms)
            ahead = 0.0
        score = self._scores.get(item, 0.0) + weight * _half(-ahead)
        self._scores[item] = score
        self._touch(item)
        if len(self._scores) > self._capacity:
            hit(Bound.POPULARITY)
            self._keep(self._capacity - self._capacity // 8)

    def take(self, item: str, at_ms: int) -> None:
        """Take one `add` of weight 1 back; nothing happens where the item was forgotten since."""
        score = self._scores.get(item)
        if score is None:
            return
        left = score - self._weight(at_ms)
        # Sums of floats come back to about zero, never to zero.
        if left > _ROUNDING * max(score, self._weight(self._newest_ms)):
            self._scores[item] = left
        else:
            del self._scores[item]
        if item in self._pool:
            self._order = None
            if item not in self._scores or self._rank(item) < self._floor:
                self._pool.discard(item)

    def _touch(self, item: str) -> None:
        if item not in self._pool and self._rank(item) < self._floor:
            return
        self._pool.add(item)
        self._order = None
        if len(self._pool) > 2 * _POOL:
            best = heapq.nlargest(_POOL, self._pool, key=self._rank)
            self._pool, self._floor = set(best), self._rank(best[-1])

    def _rank(self, item: str) -> tuple[float, str]:
        return self._scores[item], item

    def _keep(self, most: int) -> None:
        best = heapq.nlargest(max(1, most), self._scores, key=self._rank)
        self._scores = {item: self._scores[item] for item in best}
        self._rebuild()

    def _rescale(self, at_ms: int) -> None:
        shrink = _half((at_ms - self._scale_ms) / self._half_life_ms)
        kept = ((item, score * shrink) for item, score in self._scores.items())
        self._scores = {item: score for item, score in kept if score > 0.0}
        self._scale_ms = at_ms
        self._rebuild()

    def _rebuild(self) -> None:
        best = heapq.nlargest(_POOL, self._scores, key=self._rank)
        self._pool, self._order = set(best), best
        self._floor = self._rank(best[-1]) if len(best) == _POOL else (0.0, "")

    def _weight(self, at_ms: int) -> float:
        """What an event of that time adds, at the scale of the scores."""
        return _half(-(at_ms - self._scale_ms) / self._half_life_ms)

    def _decay(self, now_ms: int) -> float:
        return _half((now_ms - self._scale_ms) / self._half_life_ms)

    def top(
        self,
        k: int,
        now_ms: int,
        exclude: Container[str] = frozenset(),
        among: Container[str] | None = None,
    ) -> list[tuple[str, float]]:
        """The best `k` items with their scores, best first, ties in descending order of id.

        exclude  items to leave out
        among    the only items to consider; None is all of them
        """
        wanted = (
            item
            for item in self._ordered()
            if item not in exclude and (among is None or item in among)
        )
        best = list(islice(wanted, k))
        if len(best) < k and len(self._pool) < len(self._scores):
            best += self._beyond(k - len(best), exclude, among)
        decay = self._decay(now_ms)
        return [(item, self._scores[item] * decay) for item in best]

    def _ordered(self) -> list[str]:
        if self._order is None:
            self._order = sorted(self._pool, key=self._rank, reverse=True)
        return self._order

    def _beyond(self, k: int, exclude: Container[str], among: Container[str] | None) -> list[str]:
        """The best `k` outside the pool: every item is looked at, so only when the pool ran out."""
        rest = (
            item
            for item in self._scores
            if item not in self._pool and item not in exclude and (among is None or item in among)
        )
        return heapq.nlargest(k, rest, key=self._rank)

    def snapshot(self, now_ms: int, most: int | None = None) -> dict[str, float]:
        """Scores as of `now_ms`, best first, of the `most` best items (None: all)."""
        return dict(self.top(len(self._scores) if most is None else most, now_ms))

    def merge(self, scores: Mapping[str, float], at_ms: int) -> None:
        """Add scores that held at `at_ms`; what is not positive is passed over."""
        for item, score in scores.items():
            if score > 0.0:
                self.add(item, at_ms, score)

    def restore(self, scores: Mapping[str, float], at_ms: int) -> None:
        """Become what `snapshot` saw at `at_ms`."""
        self._scores, self._pool, self._floor, self._order = {}, set(), (0.0, ""), []
        self.merge(scores, at_ms)


def _half(half_lives: float) -> float:
    """0.5 to that power, without overflow: a thousand half-lives either way is no different."""
    return float(2.0 ** -max(-1000.0, min(1000.0, half_lives)))
