"""How good the lists are that were served, as learn sees it: has taste changed, was a model worse?

    Quality       add · drifted · regressed

Fed with sums of what the lists of a version reached on the events that came after them, and of what
popularity would have reached on the same: the difference is comparable from one hour to the next,
where neither is.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from threading import Lock

from recaug.bounds import Bound, hit
from recaug.drift import PageHinkley
from recaug.evaluation.sequential import radius

#: Versions remembered, and sums of each: an hour and a half of a worker's.
VERSIONS, SUMS = 16, 512
#: Fewer targets than this say nothing about a version; with twice ten times as many its interval is
#: as narrow as it is made to be.
LEAST, TIGHTEST = 500, 10_000


@dataclass(frozen=True, slots=True)
class Served:
    """Sums over targets, of NDCG@10."""

    targets: int
    ndcg: float
    gain: float  # over popularity
    gain_squares: float


class Quality:
    """One thread adds, another asks."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._drift = PageHinkley()
        self._drifted = False
        self._serving: str | None = None
        self._sums: dict[str, deque[Served]] = {}

    def add(self, version: str | None, served: Served) -> None:
        """Take in what lists of a version reached; None: those without a model."""
        if version is None or served.targets < 1:
            return
        with self._lock:
            self._keep(version, served)
            if version != self._serving:
                self._serving = version
                self._drift.reset()
            loss = 1.0 - served.ndcg / served.targets
            self._drifted |= self._drift.add(loss, served.targets)

    def _keep(self, version: str, served: Served) -> None:
        if version not in self._sums and len(self._sums) == VERSIONS:
            hit(Bound.QUALITY_VERSIONS)
            del self._sums[next(iter(self._sums))]
        sums = self._sums.setdefault(version, deque(maxlen=SUMS))
        if len(sums) == SUMS:
            hit(Bound.QUALITY_SUMS)
        sums.append(served)

    def drifted(self) -> bool:
        """Whether the version that serves has become worse since it was last asked."""
        with self._lock:
            found, self._drifted = self._drifted, False
            if found:
                self._drift.reset()
            return found

    def regressed(self, version: str, before: str) -> str | None:
        """In words and figures that `version` is worse than the one before it; None if it is not.

        Both gains over popularity lie in intervals that hold however often this is asked; the model
        is worse where they do not touch.
        """
        with self._lock:
            now, then = (
                _interval(self._sums.get(version, ())),
                _interval(self._sums.get(before, ())),
            )
        if now is None or then is None or now[1] >= then[0]:
            return None
        return (
            f"NDCG@10 over popularity {now[0]:+.4f} to {now[1]:+.4f} on what came after its lists, "
            f"{then[0]:+.4f} to {then[1]:+.4f} with {before}"
        )


def _interval(sums: deque[Served] | tuple[()]) -> tuple[float, float] | None:
    targets = sum(one.targets for one in sums)
    if targets < LEAST:
        return None
    mean = sum(one.gain for one in sums) / targets
    variance = max(0.0, sum(one.gain_squares for one in sums) / targets - mean * mean)
    half = radius(targets, variance, TIGHTEST)
    return mean - half, mean + half
