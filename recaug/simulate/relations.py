"""What people look at after an item: the sequence structure a model has to find.

    the series    the next goods of the same line                  0.52
    accessories   from a main item to what is bought with it       0.20
    alternatives  the same kind in the category's other series     0.10
    complements   the line of the same standing in a category that goes with this one   0.18

What an item lacks (an accessory has no accessories) leaves its share to the others.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import islice

from recaug.simulate.catalogue import Item

SERIES, ACCESSORY, ALTERNATIVE, COMPLEMENT = 0.52, 0.20, 0.10, 0.18

#: Position of an item and how much people are drawn to it; the weights of one item sum to 1.
Successors = tuple[tuple[int, float], ...]


def successors(items: Sequence[Item]) -> tuple[Successors, ...]:
    """For each item, which items follow it, by position in `items`."""
    graph = _Shelves(items)
    return tuple(_normalised(graph.following(at)) for at in range(len(items)))


class _Shelves:
    """The catalogue by line and by category, to look relatives up."""

    def __init__(self, items: Sequence[Item]) -> None:
        self._items = items
        self._lines: dict[int, list[int]] = defaultdict(list)
        self._categories: dict[str, list[int]] = defaultdict(list)
        for at, item in enumerate(items):
            self._lines[item.line].append(at)
            if item.line not in self._categories[item.category.name]:
                self._categories[item.category.name].append(item.line)

    def following(self, at: int) -> Iterator[tuple[int, float]]:
        yield from _shared(SERIES, self._rest_of_series(at), (0.55, 0.25, 0.12, 0.08))
        yield from _shared(ACCESSORY, self._accessories(at), (0.5, 0.3, 0.2))
        yield from _shared(ALTERNATIVE, self._alternatives(at), (0.7, 0.3))
        yield from _shared(COMPLEMENT, self._complements(at), (0.4, 0.25, 0.2, 0.15))

    def _rest_of_series(self, at: int) -> Iterator[int]:
        """Round the line from here; first who suits the same person."""
        line = self._lines[self._items[at].line]
        start = line.index(at)
        ring = [*line[start + 1 :], *line[:start]]
        return iter(sorted(ring, key=lambda other: not self._suits(at, other)))

    def _accessories(self, at: int) -> Iterator[int]:
        if self._items[at].extra:
            return iter(())
        line = self._lines[self._items[at].line]
        extras = [other for other in line if self._items[other].extra]
        turn = line.index(at) % max(1, len(extras))
        return iter([*extras[turn:], *extras[:turn]])

    def _alternatives(self, at: int) -> Iterator[int]:
        item = self._items[at]
        lines = self._categories[item.category.name]
        place = lines.index(item.line)
        for line in (*lines[place + 1 :], *lines[:place]):
            for other in self._lines[line]:
                if self._items[other].kind == item.kind and self._suits(at, other):
                    yield other

    def _complements(self, at: int) -> Iterator[int]:
        item = self._items[at]
        place = self._categories[item.category.name].index(item.line)
        turn = self._lines[item.line].index(at)
        for name in item.category.goes_with:
            lines = self._categories.get(name)
            if lines:
                line = self._lines[lines[place % len(lines)]]
                yield from islice((o for o in _turned(line, turn) if self._suits(at, o)), 2)

    def _suits(self, at: int, other: int) -> bool:
        wanted, offered = self._items[at].audience, self._items[other].audience
        return not wanted or not offered or wanted == offered


def _turned(line: list[int], turn: int) -> list[int]:
    start = turn % len(line)
    return [*line[start:], *line[:start]]


def _shared(
    mass: float, positions: Iterator[int], shares: Sequence[float]
) -> Iterator[tuple[int, float]]:
    for position, share in zip(positions, shares, strict=False):
        yield position, mass * share


def _normalised(pairs: Iterator[tuple[int, float]]) -> Successors:
    total: dict[int, float] = defaultdict(float)
    for position, weight in pairs:
        total[position] += weight
    mass = sum(total.values())
    return tuple((position, weight / mass) for position, weight in total.items())
