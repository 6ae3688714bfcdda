"""Sequences as arrays, each of which says its origin."""

from __future__ import annotations

from dataclasses import dataclass, fields
from enum import IntEnum

import numpy as np
import numpy.typing as npt

from recaug.batch import FIRST_ROW, PAD_ROW, Int64

Bool = npt.NDArray[np.bool_]


class Origin(IntEnum):
    """Where a training row came from; the name in lower case is what reports say."""

    OBSERVED = 0
    CROP = 1
    MASK = 2
    REORDER = 3
    SUBSTITUTE = 4
    INSERT = 5
    DELETE = 6
    SUBSET = 7
    VAE = 8
    GAN = 9


@dataclass(frozen=True, slots=True)
class Rows:
    """B sequences of W events, right-aligned, row 0 where there is none."""

    items: Int64  # (B, W)
    kinds: Int64  # (B, W)
    times_ms: Int64  # (B, W)
    real: Bool  # (B, W) what the model may be asked to predict
    origin: npt.NDArray[np.int8]  # (B,)
    owner: Int64  # (B,) the user, −1 for nobody

    def take(self, order: Int64) -> Rows:
        """The same events in another order: `order` (B, W) holds columns, −1 for padding."""
        hidden, at = order < 0, np.maximum(order, 0)

        def pick(values: npt.NDArray[np.generic]) -> npt.NDArray[np.generic]:
            return np.where(hidden, np.zeros((), values.dtype), np.take_along_axis(values, at, 1))

        parts = [pick(part) for part in (self.items, self.kinds, self.times_ms, self.real)]
        return Rows(parts[0], parts[1], parts[2], parts[3], self.origin, self.owner)  # type: ignore[arg-type]

    def pick(self, at: Int64) -> Rows:
        """Some of the sequences, by number."""
        return Rows(*(getattr(self, name)[at] for name in _COLUMNS))

    def kept(self, there: Bool) -> Rows:
        """Only the events that are `there` (B, W), moved up so that none is missing between."""
        order = np.argsort(there, axis=1, kind="stable")
        return self.take(np.where(np.take_along_axis(there, order, 1), order, -1))

    def sizes(self) -> Int64:
        """Events of each, (B,)."""
        sizes: Int64 = (self.items != PAD_ROW).sum(1)
        return sizes


_COLUMNS = tuple(field.name for field in fields(Rows))


def joined(first: Rows, second: Rows) -> Rows:
    """The sequences of both, of one width."""
    pairs = ((getattr(first, name), getattr(second, name)) for name in _COLUMNS)
    return Rows(*(np.concatenate(pair) for pair in pairs))


def neighbours(items: Int64, size: int) -> Int64:
    """For each of `size` rows the one that most often follows it in `items` (B, W), else itself."""
    pairs = np.stack([items[:, :-1].ravel(), items[:, 1:].ravel()])
    pairs = pairs[:, (pairs[0] >= FIRST_ROW) & (pairs[1] >= FIRST_ROW) & (pairs[0] != pairs[1])]
    codes, counts = np.unique(pairs[0] * size + pairs[1], return_counts=True)
    best = np.arange(size)
    order = np.argsort(counts, kind="stable")  # the commonest is written last
    best[codes[order] // size] = codes[order] % size
    return best


def counts(origin: npt.NDArray[np.int8]) -> dict[str, int]:
    """How many sequences came from where, by name."""
    found = np.bincount(origin, minlength=len(Origin))
    return {kind.name.lower(): int(found[kind]) for kind in Origin}
