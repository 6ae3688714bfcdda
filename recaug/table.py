"""The item table: one vector per item, growing in place while the model serves.

    ItemTable     put · show · hide · rows · ids · vectors · bias

Row 0 pads, row 1 stands for every item the model does not know, items start at row 2. `bias` is
added to the scores, so a masked row is never shown without being moved. Rows are only ever added: a
row number stays that item's until the next model.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from recaug.batch import FIRST_ROW, UNKNOWN_ROW, Float32, Int64
from recaug.bounds import Bound, hit

#: Added to the score of a row that must not be shown. Finite, so that nothing becomes NaN.
MASK = np.float32(-1e4)

#: Of the rows appended since, the newest that count as new items: all of them are compared for
#: every list.
NEWEST = 4_096

#: What is ranked is a prefix of the table, in steps of this many rows: whole groups, and never
#: fewer rows than the longest list has items.
STEP = 256


class ItemTable:
    """Vectors (capacity, d) and biases (capacity,), with the ids of the rows in use.

    Not thread-safe; `Recommender` never writes while a batch is being scored.
    """

    def __init__(self, vectors: Float32, vocabulary: Sequence[str], limit: int) -> None:
        """
        Parameters
        ----------
        vectors
            (len(vocabulary) + 2, d), as the bundle's `items.npy`.
        limit
            Rows at most; a larger vocabulary raises it to its own size.
        """
        used, width = vectors.shape
        if used != len(vocabulary) + FIRST_ROW:
            raise ValueError(f"{used} item vectors for a vocabulary of {len(vocabulary)}")
        if not vocabulary:
            raise ValueError("its vocabulary is empty")
        self.ids: list[str] = ["", "", *vocabulary]
        self.rows: dict[str, int] = {item: row for row, item in enumerate(vocabulary, FIRST_ROW)}
        if len(self.rows) != len(vocabulary):
            raise ValueError("an item is in the vocabulary twice")
        self.trained = used
        self.version = 0
        self.allocation = 0
        self._masked_at = -1
        self._limit = max(limit + FIRST_ROW, used)
        self._allocate(_steps(used + STEP), width)
        self._vectors[:used] = vectors
        self._bias[FIRST_ROW:used] = 0.0

    def _allocate(self, capacity: int, width: int) -> None:
        self._vectors: Float32 = np.zeros((capacity, width), np.float32)
        self._bias: Float32 = np.full(capacity, MASK, np.float32)
        #: Version at which each step of rows was last written.
        self._written = np.zeros(capacity // STEP, np.int64)
        self.allocation += 1

    @property
    def width(self) -> int:
        return int(self._vectors.shape[1])

    @property
    def bound(self) -> int:
        """Rows that are ranked: those in use, rounded up."""
        return _steps(len(self.ids))

    @property
    def capacity(self) -> int:
        """Rows there is memory for, until `allocation` counts another piece of memory."""
        return len(self._bias)

    @property
    def vectors(self) -> Float32:
        """(bound, d); a view, good until the table grows past its capacity."""
        return self._vectors[: self.bound]

    @property
    def bias(self) -> Float32:
        """(bound,); a view like `vectors`."""
        return self._bias[: self.bound]

    def __len__(self) -> int:
        """Items in the table, shown or not."""
        return len(self.ids) - FIRST_ROW

    @property
    def masked(self) -> Int64:
        """The rows below `bound` that must not be shown, in order."""
        if self._masked_at != self.version:
            self._masked, self._masked_at = np.flatnonzero(self.bias), self.version
        return self._masked

    @property
    def shown(self) -> int:
        """Items that may be recommended."""
        return self.bound - len(self.masked)

    def written(self, since: int) -> list[tuple[int, int]]:
        """Runs of rows [first, stop) that hold all vectors written after version `since`."""
        steps = np.flatnonzero(self._written[: self.bound // STEP] > since)
        breaks = np.flatnonzero(np.diff(steps) > 1) + 1
        runs = [run for run in np.split(steps, breaks) if len(run)]
        return [(int(run[0]) * STEP, (int(run[-1]) + 1) * STEP) for run in runs]

    def is_trained(self, row: int) -> bool:
        """Whether the row came with the model; False where it was appended since."""
        return bool(row < self.trained)

    @property
    def first_new(self) -> int:
        """The first of the `NEWEST` rows at most that the model did not bring."""
        return max(int(self.trained), len(self.ids) - NEWEST)

    def put(self, item_id: str, vector: Float32) -> bool:
        """Write the vector (d,) of an item the model was not trained on; True if it now has a row.

        A new row starts hidden. A trained row keeps its learned vector. A full table takes no more.
        """
        row = self.rows.get(item_id)
        if row is None:
            if len(self.ids) >= self._limit:
                hit(Bound.ITEM_TABLE)
                return False
            row = self._append(item_id)
        if not self.is_trained(row):
            self._vectors[row] = vector
            self.version += 1
            self._written[row // STEP] = self.version
        return True

    def _append(self, item_id: str) -> int:
        row = len(self.ids)
        self.ids.append(item_id)
        self.rows[item_id] = row
        if self.bound > len(self._bias):
            self._grow()
        return row

    def _grow(self) -> None:
        vectors, bias, written = self._vectors, self._bias, self._written
        self._allocate(_steps(min(2 * len(bias), self._limit + STEP)), self.width)
        self._vectors[: len(bias)] = vectors
        self._bias[: len(bias)] = bias
        self._written[: len(written)] = written

    def show(self, item_id: str) -> None:
        """Let an item be recommended; one without a row is left alone."""
        self._mask(item_id, np.float32(0.0))

    def hide(self, item_id: str) -> None:
        """Keep an item from being recommended; one without a row is left alone."""
        self._mask(item_id, MASK)

    def _mask(self, item_id: str, bias: np.float32) -> None:
        row = self.rows.get(item_id)
        if row is not None and self._bias[row] != bias:
            self._bias[row] = bias
            self.version += 1

    def rows_of(self, item_ids: Iterable[str]) -> list[int]:
        """Rows of items, the unknown row for those without one."""
        get = self.rows.get
        return [get(item, UNKNOWN_ROW) for item in item_ids]


def _steps(rows: int) -> int:
    return -(-rows // STEP) * STEP
