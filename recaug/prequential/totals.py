"""Records summed by version, source and bucket: what `/metrics` and `recaug model` say.

Totals        add · versions · cells · of
"""

from __future__ import annotations

from recaug.bounds import Bound, hit
from recaug.prequential.record import Cell, Record, add

#: Versions remembered: those heard of last.
VERSIONS = 8

Where = tuple[str, str]  # source and bucket


class Totals:
    """Sums since the first record added; not thread-safe."""

    def __init__(self, versions: int = VERSIONS) -> None:
        self._most = versions
        self._sums: dict[str | None, dict[Where, Cell]] = {}

    def add(self, record: Record) -> None:
        """Count a record to its version."""
        sums = self._sums.pop(record.version, {})
        for cell in record.cells:
            where = cell.source, cell.bucket
            sums[where] = sums[where] + cell if where in sums else cell
        self._sums[record.version] = sums
        if len(self._sums) > self._most:
            hit(Bound.METRIC_VERSIONS)
            del self._sums[next(iter(self._sums))]

    @property
    def versions(self) -> list[str | None]:
        """The one heard of last comes last; None is what was served without a model."""
        return list(self._sums)

    def cells(self, version: str | None) -> list[Cell]:
        """One of each source and bucket that there was."""
        return [cell for _, cell in sorted(self._sums.get(version, {}).items())]

    def of(self, version: str | None) -> Cell:
        """All of a version."""
        return add(self.cells(version))
