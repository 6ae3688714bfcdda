"""Two more voices beside model, neighbours and popularity: friends, and words that were typed.

    Friends    what a user's friends have had, by how lately
    Words      what other people typed the user's newest words for

Each gives votes (b, N), which join a list as the neighbours' do: as the logarithm of their share.
"""

from __future__ import annotations

from typing import ClassVar, Protocol

import numpy as np
import numpy.typing as npt

from recaug.batch import Int64, Sequences
from recaug.evaluation import Bool, Float64, Targets

DAY_S = 86_400.0
#: Newest events of a friend that count.
NEWEST = 50
#: Items of a word that count, those it was typed for most often.
NAMED = 200


class Voice(Protocol):
    """`memory` says how far back it looks: one of `MEMORIES`, in units of its own."""

    MEMORIES: ClassVar[tuple[float, ...]]

    def votes(self, part: Targets, size: int, memory: float) -> Float64: ...


class Lists:
    """Numbers by key, end to end."""

    def __init__(self, keys: Int64, values: Int64, size: int) -> None:
        """`keys` below `size`; the values of a key stay in their order."""
        self.values = values[np.argsort(keys, kind="stable")]
        self._ends = np.concatenate([[0], np.cumsum(np.bincount(keys, minlength=size))])

    def of(self, keys: Int64) -> tuple[Int64, Int64]:
        """Which of `keys` (n,) a value belongs to, and its place in `values`, (m,) each."""
        return spans(self._ends[keys], self._ends[keys + 1])


def spans(starts: Int64, stops: Int64) -> tuple[Int64, Int64]:
    """The number of a span and a place in it, for all places of all spans, (m,) each."""
    counts = np.maximum(stops - starts, 0)
    of = np.repeat(np.arange(len(counts)), counts)
    within = np.arange(len(of)) - np.repeat(np.cumsum(counts) - counts, counts)
    return of, starts[of] + within


class Friends:
    """Votes of friends for what they have had before the day of the target.

    An event counts half for each `memory`, seconds, that it is old.
    """

    MEMORIES: ClassVar[tuple[float, ...]] = (30 * DAY_S, 365 * DAY_S)

    def __init__(self, source: Sequences, pairs: Int64) -> None:
        """`pairs` (P, 2) are users, by number, and their friends."""
        self._source, users = source, len(source.starts) - 1
        self._friends = Lists(pairs[:, 0], pairs[:, 1], users)
        # Ordered as events are, by user and time: one search finds where each friend is by then.
        self._span = int(source.times_ms.max()) + 1
        self._keys = source.owners() * self._span + source.times_ms

    def votes(self, part: Targets, size: int, memory: float) -> Float64:
        source = self._source
        line, at = self._friends.of(np.searchsorted(source.starts, part.starts, "right") - 1)
        friends = self._friends.values[at]
        stops = np.searchsorted(self._keys, friends * self._span + part.asked_ms[line])
        pair, events = spans(np.maximum(source.starts[friends], stops - NEWEST), stops)
        line = line[pair]
        age_s = (part.asked_ms[line] - source.times_ms[events]) / 1000
        return _summed(line, source.rows[events], np.exp2(-age_s / memory), len(part), size)


class Words:
    """Votes of the words that somebody typed at their newest `memory` events, before the target.

    Each word has one vote, which goes to the items that `known` events have it for, by how often.
    """

    MEMORIES: ClassVar[tuple[float, ...]] = (1.0, 10.0)

    def __init__(self, source: Sequences, typed: Int64, known: Bool) -> None:
        """`typed` (Q, 2) are events, by place in `source`, and words."""
        most = int(typed[:, 1].max(initial=0)) + 1
        self._words = Lists(typed[:, 0], typed[:, 1], len(source.rows))
        said = typed[known[typed[:, 0]]]
        words, rows, counts = _counted(said[:, 1], source.rows[said[:, 0]])
        order = np.lexsort((-counts, words))
        words, rows, counts = words[order], rows[order], counts[order]
        named = np.arange(len(words)) - np.searchsorted(words, words) < NAMED
        words, rows, counts = words[named], rows[named], counts[named]
        self._rows = Lists(words, rows, most)
        self._shares: Float64 = counts / np.bincount(words, counts, minlength=most)[words]

    def votes(self, part: Targets, size: int, memory: float) -> Float64:
        line, events = spans(np.maximum(part.starts, part.at - int(memory)), part.at)
        event, at = self._words.of(events)
        line, words, times = _counted(line[event], self._words.values[at])
        word, named = self._rows.of(words)
        weight = times[word] * self._shares[named]
        return _summed(line[word], self._rows.values[named], weight, len(part), size)


def _counted(one: Int64, other: Int64) -> tuple[Int64, Int64, Int64]:
    """The distinct pairs of two columns, by the first, and how often each is there, (m,) each."""
    span = int(other.max(initial=0)) + 1
    keys, counts = np.unique(one * span + other, return_counts=True)
    return keys // span, keys % span, counts


def _summed(line: Int64, rows: Int64, weight: Float64, lines: int, size: int) -> Float64:
    """Sums by line and row, (lines, size); rows from `size` on are passed over."""
    able = rows < size
    cells = line[able] * size + rows[able]
    summed = np.bincount(cells, weight[able], minlength=lines * size)
    return summed.astype(np.float64, copy=False).reshape(lines, size)


def shuffled(pairs: Int64, rng: np.random.Generator) -> Int64:
    """The same pairs with their second halves dealt anew: everybody keeps how many they have."""
    dealt: npt.NDArray[np.int64] = np.column_stack([pairs[:, 0], rng.permutation(pairs[:, 1])])
    return dealt
