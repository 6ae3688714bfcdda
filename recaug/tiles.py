"""The item table a piece at a time, with what must not be shown of each piece.

A tile's scores are written over those of the tile before, so that a million items and 64 users need
megabytes, not a quarter of a gigabyte, and they are still in the cache when they are looked at.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from recaug.batch import Int64
from recaug.table import ItemTable


@dataclass(frozen=True, slots=True)
class Tile:
    """Rows [first, stop) of the table; rows in it are counted from the first."""

    first: int
    stop: int
    masked: Int64  # (m,) rows that nobody may see
    users: Int64  # (s,) who may not see
    seen: Int64  # (s,) these rows

    def __len__(self) -> int:
        return self.stop - self.first


def tiles(table: ItemTable, seen: Int64, size: int) -> Iterator[Tile]:
    """The rows in use in tiles of `size`; seen (B, S) rows to leave out of each user's list."""
    bound, masked = table.bound, table.masked
    order = np.argsort(seen, axis=None) if bound > size else np.arange(seen.size)
    rows, who = seen.reshape(-1)[order], order // seen.shape[1]
    edges = np.arange(0, bound + size, size)
    cuts = np.searchsorted(rows, edges).tolist() if bound > size else [0, seen.size]
    holes = np.searchsorted(masked, edges).tolist()
    for number, first in enumerate(range(0, bound, size)):
        hole, cut = slice(*holes[number : number + 2]), slice(*cuts[number : number + 2])
        stop = min(bound, first + size)
        yield Tile(first, stop, masked[hole] - first, who[cut], rows[cut] - first)
