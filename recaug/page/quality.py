"""How good what is served is, over time: the lines of one chart.

    Quality       fold · section · metrics

However long it runs there are at most `SLOTS` slots of time: when they are full, two become one.
"""

from __future__ import annotations

from recaug.page.board import Message
from recaug.prequential import exposition
from recaug.prequential.record import AT, Cell, Record
from recaug.prequential.totals import Totals

#: Slots of time, and how long one is at first, ms.
SLOTS, SLOT_MS = 180, 10_000
#: Slots that each point is over, so that it is steady; a point of fewer targets is a gap.
WINDOW, LEAST = 6, 20


class Quality:
    """Not thread-safe; `metrics` is replaced whole, so anybody may read it."""

    def __init__(self) -> None:
        self.metrics = exposition.text(Totals())
        self._totals = Totals()
        self._slot_ms = SLOT_MS
        self._slots: dict[int, Cell] = {}
        self._frozen: str | None = None
        self._fresh = False

    def fold(self, record: Record, at_ms: int) -> None:
        """Take in a record of `recaug.metrics`, appended `at_ms`."""
        self._totals.add(record)
        self._frozen = record.frozen_version or self._frozen
        self._put(at_ms // self._slot_ms, record.total())
        while len(self._slots) > SLOTS:
            self._halve()
        self._fresh = True

    def _put(self, slot: int, cell: Cell) -> None:
        self._slots[slot] = self._slots.get(slot, Cell()) + cell

    def _halve(self) -> None:
        slots, self._slots = self._slots, {}
        self._slot_ms *= 2
        for slot, cell in slots.items():
            self._put(slot // 2, cell)

    def section(self) -> Message | None:
        """What the page draws; None where nothing came since the last call."""
        if not self._fresh:
            return None
        self._fresh = False
        self.metrics = exposition.text(self._totals)
        versions = [self._row(version) for version in reversed(self._totals.versions)]
        return {"points": self._points(), "versions": versions, "frozen": self._frozen}

    def _points(self) -> list[Message]:
        slots, points = sorted(self._slots), []
        for at, slot in enumerate(slots):
            near = [s for s in slots[max(0, at - WINDOW + 1) : at + 1] if slot - s < WINDOW]
            cell = sum((self._slots[s] for s in near), Cell())
            points.append({"at_ms": (slot + 1) * self._slot_ms, **rates(cell)})
        return points

    def _row(self, version: str | None) -> Message:
        cell = self._totals.of(version)
        return {"version": version, "targets": cell.targets, **rates(cell),
                **{name: cell.served.over(cell.targets).get(f"{name}@{AT}")
                   for name in ("ndcg", "mrr")}}  # fmt: skip


def rates(cell: Cell) -> dict[str, float | None]:
    """HR@10 of the three lists.

    The frozen model ranked a part of the targets: it is as far from what was served as on those.
    """
    if cell.targets < LEAST:
        return {"served": None, "popularity": None, "frozen": None}
    served, popularity = cell.served.hits / cell.targets, cell.popularity.hits / cell.targets
    sample, frozen = cell.sample, None
    if sample.targets >= LEAST:
        apart = (sample.frozen.hits - sample.served.hits) / sample.targets
        frozen = min(1.0, max(0.0, served + apart))
    return {"served": served, "popularity": popularity, "frozen": frozen}
