"""The best rows of the whole table on a card: its copy of the table is scanned where it is.

OnDevice      top: each tile's best come back, the best of those are found here
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from recaug.batch import Float32, Int64
from recaug.graphs import Precision, best, scan
from recaug.mirror import Copy
from recaug.provider import Run, session
from recaug.rank import Found, taken
from recaug.rank_groups import Finish, candidates
from recaug.settings import Settings
from recaug.table import MASK, STEP, ItemTable
from recaug.tiles import Tile, tiles

#: Rows of a tile: 64 users' scores are then 64 MB in fp32.
TILE = 1 << 18


class OnDevice:
    """fp32 ranks by what the card computed; fp16 asks it for more rows and scores them in fp32."""

    def __init__(self, table: ItemTable, copy: Copy, settings: Settings) -> None:
        self.precision: Precision = "fp16" if copy.kind == np.float16 else "fp32"
        self._table, self._copy = table, copy
        self._session = session(scan(self.precision), settings)
        on_cpu = settings.model_copy(update={"provider": "cpu"})
        self._best = Run(session(best(self.precision), on_cpu))
        self._finish = Finish(table, settings)

    def top(self, users: Float32, seen: Int64, k: int) -> tuple[Float32, Int64]:
        return self._best_rows(users, seen, k)

    def search(self, users: Float32, seen: Int64, k: int) -> Found:
        count = min(candidates(k), STEP - 1)
        values, rows = self._best_rows(users, seen, count + 1)
        # fp16 keeps eleven bits of each factor and of each product's sum.
        error = np.linalg.norm(users, axis=1) * self._copy.longest / 512
        rest = values[:, count].astype(np.float32) + error
        order = np.argsort(rows[:, :count], axis=1)  # so that of equal rows the lower comes first
        rows, values = (np.take_along_axis(part, order, axis=1) for part in (rows, values))
        bias = np.where(values < MASK / 2, MASK, np.float32(0.0))
        return Found(*self._finish.top(users, rows, bias, k), rest)

    def _best_rows(self, users: Float32, seen: Int64, k: int) -> tuple[NDArray[Any], Int64]:
        found = [self._of(tile, users, k) for tile in tiles(self._table, seen, TILE)]
        values = np.concatenate([values for values, _ in found], axis=1)
        rows = np.concatenate([rows for _, rows in found], axis=1)
        values, places = taken(self._best, values, k)
        return values, np.take_along_axis(rows, places, axis=1)

    def _of(self, tile: Tile, users: Float32, k: int) -> tuple[NDArray[Any], Int64]:
        kind, binding = self._copy.kind, self._session.io_binding()
        # Named, for a binding keeps no array alive.
        given = {
            "users": users.astype(kind),
            "bias": self._table.bias[tile.first : tile.stop].astype(kind),
            "seen": np.stack([tile.users, tile.seen], axis=1), "k": np.array([k]),
        }  # fmt: skip
        for name, array in given.items():
            binding.bind_cpu_input(name, array)
        self._copy.bind(binding, "rows", tile.first, tile.stop)
        values, places = np.empty((len(users), k), kind), np.empty((len(users), k), np.int64)
        for name, array in (("values", values), ("places", places)):
            where = array.ctypes.data
            binding.bind_output(name, "cpu", 0, array.dtype.type, array.shape, where)
        self._session.run_with_iobinding(binding)
        return values, places + tile.first
