"""Which events are to be predicted, and which are held out to judge by."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from recaug.batch import Int64, Sequences

Bool = npt.NDArray[np.bool_]

#: Newest events the gate holds out, most: more than are ever ranked (see `targets`).
HELD_OUT = 3_000
#: Scores held at once, most, 32 MB as float32; and targets that they are of, most.
SCORES, BLOCK = 8_000_000, 128


@dataclass(frozen=True, slots=True)
class Targets:
    """Events to be predicted from what their user did before, in order of time."""

    at: Int64  # (T,) the event's place in its `Sequences`
    starts: Int64  # (T,) where that user's events start
    rows: Int64  # (T,) its row of the item table; below 2 where training never saw the item
    asked_ms: Int64  # (T,) when the list is made

    def __len__(self) -> int:
        return len(self.at)

    def part(self, chosen: Int64 | slice) -> Targets:
        return Targets(
            self.at[chosen], self.starts[chosen], self.rows[chosen], self.asked_ms[chosen]
        )

    def blocks(self, size: int) -> Iterator[Targets]:
        """All of them in turn, as many at once as `size` scores for each leave room for."""
        step = max(1, min(BLOCK, SCORES // size))
        yield from (self.part(slice(at, at + step)) for at in range(0, len(self), step))

    def thinned(self, most: int) -> Targets:
        """At most so many of them, evenly spread."""
        if len(self) <= most:
            return self
        return self.part(np.linspace(0, len(self) - 1, most).astype(np.int64))

    def users(self) -> Int64:
        """A number for the user of each target, 0 … users − 1, (T,)."""
        return np.unique(self.starts, return_inverse=True)[1]


def newest(source: Sequences, share: float) -> Bool:
    """The newest `share` of all events by time, then log order, (n,)."""
    order = np.lexsort((source.order, source.times_ms))
    mask = np.zeros(len(order), np.bool_)
    mask[order[len(order) - int(len(order) * share) :]] = True
    return mask


def hold_out(source: Sequences, allowed: Bool, least: int = 200) -> Bool:
    """The newest tenth of the log; up to three tenths where `least` allowed events need it.

    At most `HELD_OUT` events: what is held out is not learned from for so long.
    """
    few = HELD_OUT / max(1, len(source.order))
    for share in (min(0.1, few), 0.1, 0.2):
        mask = newest(source, share)
        if int((mask & allowed).sum()) >= least:
            return mask
    return newest(source, 0.3)


def targets(source: Sequences, chosen: Bool, most: int = 2_000, visit: bool = False) -> Targets:
    """The chosen events that have one of the same user before them, evenly thinned to `most`.

    The list is made at the event before, as the services do; with `visit`, at the moment of the
    target, as a shop does that asks when its customer is back.
    """
    starts = source.starts[source.owners()]
    at = np.flatnonzero(chosen & (np.arange(len(starts)) > starts))
    at = at[np.lexsort((source.order[at], source.times_ms[at]))]
    asked_ms = source.times_ms[at if visit else at - 1]
    return Targets(at, starts[at], source.rows[at], asked_ms).thinned(most)
