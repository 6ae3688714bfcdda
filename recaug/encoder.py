"""Histories to what their users want next: a model's own graph, run where it was loaded.

    encoder       HostEncoder or DeviceEncoder of a session

The graph reads items, kinds, gaps and the item table, and gives `wanted` (B, d); the score of a row
is its product with that. What is best is for `recaug.rank` to find.
"""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np

from recaug.batch import Batch, Float32
from recaug.mirror import Copy
from recaug.provider import Run
from recaug.table import ItemTable

INPUTS = ("items", "kinds", "gaps", "table")
OUTPUT = "wanted"

#: Histories of one run: what 32 of 50 events need on the way stays in the cache of a core.
CHUNK = 32


class Encoder(Protocol):
    def users(self, batch: Batch) -> Float32:
        """What each of B histories asks for, (B, d)."""


class HostEncoder:
    """The table is read where it is, so it is never copied."""

    def __init__(self, loaded: Any, table: ItemTable) -> None:
        self._run, self._table = Run(loaded), table

    def users(self, batch: Batch) -> Float32:
        wanted = np.empty((len(batch.items), self._table.width), np.float32)
        given, table = arrays(batch), self._table.vectors
        for first in range(0, len(wanted), CHUNK):
            part = slice(first, first + CHUNK)
            some = {name: array[part] for name, array in given.items()}
            self._run({**some, "table": table}, {OUTPUT: wanted[part]})
        return wanted


class DeviceEncoder:
    """The table is read from its copy on the device; the histories go there and vectors return."""

    def __init__(self, loaded: Any, table: ItemTable, copy: Copy) -> None:
        self._session, self._table, self._copy = loaded, table, copy

    def users(self, batch: Batch) -> Float32:
        binding, given = self._session.io_binding(), arrays(batch)
        for name, array in given.items():
            binding.bind_cpu_input(name, array)
        self._copy.bind(binding, "table", 0, self._table.bound)
        wanted = np.empty((len(batch.items), self._table.width), np.float32)
        where = wanted.ctypes.data
        binding.bind_output(OUTPUT, "cpu", 0, np.float32, wanted.shape, where)
        self._session.run_with_iobinding(binding)
        return wanted


def arrays(batch: Batch) -> dict[str, Any]:
    """The inputs that change from run to run, each in one piece."""
    given = {"items": batch.items, "kinds": batch.kinds, "gaps": batch.gaps}
    return {name: np.ascontiguousarray(array) for name, array in given.items()}
