"""The item table once more, in the form that a scan reads, kept in step with the original.

    Quantised     8-bit integers in memory
    Copy          fp32 or fp16 in a device's memory

Both copy only the steps of rows that were written since the last time.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from recaug.batch import Float32
from recaug.graphs import Precision, convert
from recaug.provider import session
from recaug.settings import Settings
from recaug.table import ItemTable

UInt8 = NDArray[np.uint8]
Int8 = NDArray[np.int8]

#: Zero of a quantised row; its numbers are 1 … 255.
ZERO = 128
#: Largest number of a quantised user. Processors without VNNI sum pairs of products in 16 bits,
#: which hold those of 8 by 7 bits.
LOUDEST, LOUDEST_IN_PAIRS = 127, 63
#: How much room a new scale leaves above the largest number there is, so that one is seldom needed.
ROOM = 1.5


@dataclass(frozen=True, slots=True)
class Columns:
    """Quantised users: a score is (product − offset) · step, with an error of `spread`."""

    numbers: Int8  # (d, B)
    offset: NDArray[np.int32]  # (B,)
    step: Float32  # (B,)
    spread: Float32  # (B,) standard deviation

    def most(self, products: NDArray[np.int32]) -> Float32:
        """The highest score that can be behind products (B,), five deviations allowed."""
        scores = (products.astype(np.float64) - self.offset) * self.step
        return (scores + 5.0 * self.spread).astype(np.float32)


class Quantised:
    """Rows as integers under one scale, so that products compare without being scaled back."""

    def __init__(self, table: ItemTable, loudest: int) -> None:
        self._table = table
        self._allocation, self._version = -1, -1
        self._largest = float(np.abs(table.vectors).max(initial=1e-12))
        self._longest = 0.0
        self._loudest = loudest

    def rows(self) -> UInt8:
        """(bound, d), as the table is now."""
        table = self._table
        if self._allocation != table.allocation:
            self._allocate()
        if self._version != table.version:
            runs = table.written(self._version)
            self._write(runs)
            self._version = table.version
        return self._rows[: table.bound]

    def _allocate(self) -> None:
        self._rows: UInt8 = np.full((self._table.capacity, self._table.width), ZERO, np.uint8)
        self._allocation, self._version = self._table.allocation, -1

    def _write(self, runs: list[tuple[int, int]]) -> None:
        vectors = self._table.vectors
        largest = max((float(np.abs(vectors[a:b]).max()) for a, b in runs), default=0.0)
        if largest > self._largest:
            self._largest, runs = ROOM * largest, self._table.written(-1)
        lengths = (np.linalg.norm(vectors[a:b], axis=1).max() for a, b in runs)
        self._longest = max(self._longest, *map(float, lengths), 0.0)
        for first, stop in runs:
            for at in range(first, stop, 65_536):  # what is made on the way stays small
                part = slice(at, min(stop, at + 65_536))
                self._rows[part] = np.rint(vectors[part] * (127 / self._largest)) + ZERO

    def columns(self, users: Float32) -> Columns:
        """Users (B, d) as the other side of the product with `rows`, as those are now."""
        steps = np.maximum(np.abs(users).max(axis=1), 1e-12) / self._loudest  # (B,)
        numbers = np.rint(users / steps[:, None]).astype(np.int8)
        row_step = self._largest / 127
        # Each rounding is off by up to half a step, evenly: one twelfth of its square on average.
        of_rows = np.square(users).sum(axis=1) * row_step**2
        spread = np.sqrt((of_rows + self._longest**2 * steps**2) / 12)
        offset = ZERO * numbers.sum(axis=1, dtype=np.int32)
        columns = np.ascontiguousarray(numbers.T)
        return Columns(columns, offset, (steps * row_step).astype(np.float32), spread)


class Copy:
    """Rows in the memory of `device`, written there by a graph that casts."""

    def __init__(
        self, table: ItemTable, precision: Precision, device: str, settings: Settings
    ) -> None:
        self.kind: np.dtype[Any] = np.dtype(np.float16 if precision == "fp16" else np.float32)
        self._table, self._device = table, device
        self._allocation, self._version = -1, -1
        #: Length of the longest row there has been.
        self.longest = 0.0
        self._cast = session(convert(precision), settings)

    def bind(self, binding: Any, name: str, first: int, stop: int) -> None:
        """Make rows [first, stop), as the table is now, an input of a run on the device."""
        self._follow()
        shape, where = [stop - first, self._table.width], self._address(first)
        binding.bind_input(name, self._device, 0, self.kind.type, shape, where)

    def _follow(self) -> None:
        table = self._table
        if self._allocation != table.allocation:
            self._memory = ort.OrtValue.ortvalue_from_shape_and_type(
                [table.capacity, table.width], self.kind.type, self._device, 0
            )
            self._allocation, self._version = table.allocation, -1
        if self._version != table.version:
            for first, stop in table.written(self._version):
                self._write(first, table.vectors[first:stop])
                lengths = np.linalg.norm(table.vectors[first:stop], axis=1)
                self.longest = max(self.longest, float(lengths.max()))
            self._version = table.version

    def _write(self, row: int, vectors: Float32) -> None:
        binding, where = self._cast.io_binding(), self._address(row)
        binding.bind_cpu_input("given", vectors)
        shape = list(vectors.shape)
        binding.bind_output("rows", self._device, 0, self.kind.type, shape, where)
        self._cast.run_with_iobinding(binding)

    def _address(self, row: int) -> int:
        start: int = self._memory.data_ptr()
        return start + row * self._table.width * self.kind.itemsize
