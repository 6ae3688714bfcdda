"""The item table: one vector per item, growing in place while the model serves.

    ItemTable     put · show · hide · rows · ids · vectors · bias

Row 0 pads, row 1 stands for every item the model does not know, items start at row 2. `bias` is
added to the scores inside the graph, so a masked row is never shown without being moved. Rows are
only ever added: a row number stays that item's until the next model.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from recaug.batch import FIRST_ROW, UNKNOWN_ROW, Float32

#: Added to the score of a row that must not be shown. Finite, so that nothing becomes NaN.
MASK = np.float32(-1e4)

#: The graph reads a prefix of the table, in steps of this many rows: every row of the unused tail
#: costs a product, and every change of length a new binding.
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
        self._allocations = 0
        self._limit = max(limit + FIRST_ROW, used)
        self._allocate(_steps(used + STEP), width)
        self._vectors[:used] = vectors
        self._bias[FIRST_ROW:used] = 0.0

    def _allocate(self, capacity: int, width: int) -> None:
        self._vectors: Float32 = np.zeros((capacity, width), np.float32)
        self._bias: Float32 = np.full(capacity, MASK, np.float32)
        self._allocations += 1

    @property
    def width(self) -> int:
        return int(self._vectors.shape[1])

    @property
    def bound(self) -> int:
        """Rows the graph reads: those in use, rounded up."""
        return _steps(len(self.ids))

    @property
    def place(self) -> tuple[int, int]:
        """Changes whenever `vectors` and `bias` are other memory, or more of it, than before."""
        return self._allocations, self.bound

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
    def shown(self) -> int:
        """Items that may be recommended."""
        return int(np.count_nonzero(self._bias == 0.0))

    def is_trained(self, row: int) -> bool:
        """Whether the row came with the model; False where it was appended since."""
        return bool(row < self.trained)

    def put(self, item_id: str, vector: Float32) -> bool:
        """Write the vector (d,) of an item the model was not trained on; True if it now has a row.

        A new row starts hidden. A trained row keeps its learned vector. A full table takes no more.
        """
        row = self.rows.get(item_id)
        if row is None:
            if len(self.ids) >= self._limit:
                return False
            row = self._append(item_id)
        if not self.is_trained(row):
            self._vectors[row] = vector
            self.version += 1
        return True

    def _append(self, item_id: str) -> int:
        row = len(self.ids)
        self.ids.append(item_id)
        self.rows[item_id] = row
        if self.bound > len(self._bias):
            self._grow()
        return row

    def _grow(self) -> None:
        vectors, bias = self._vectors, self._bias
        self._allocate(_steps(min(2 * len(bias), self._limit + STEP)), self.width)
        self._vectors[: len(bias)] = vectors
        self._bias[: len(bias)] = bias

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
