"""What items say of themselves, in training: rows of the table move together where texts are alike.

    row = free vector + whitened text · P

P is learned with the rest. An item with few events then learns from all that are described like it,
and one without any has a direction to begin with. Nothing of it outlives a run: `settle` adds the
text's part to the free vectors, so a bundle, an export and a warm start know plain rows only.

Whitening (WhitenRec, arXiv 2402.10602): language-model vectors lie in a narrow cone; with every
direction scaled to the same variance, texts differ by what sets them apart.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from recaug.batch import FIRST_ROW

Float32 = npt.NDArray[np.float32]

#: Directions kept, most; items with text below which there is nothing to learn from it.
DIRECTIONS, LEAST = 128, 128
#: Length of a row's text part at first, and so how far an event turns it away from its text.
LENGTH = 0.3


def whitened(items: Sequence[str], vectors: Mapping[str, Float32]) -> Float32 | None:
    """Text of `items` as rows of the table, (2 + n, q): length 1, or 0 where there is no text.

    None where too few have text. Vectors of another width than the first are passed over.
    """
    width = len(next(iter(vectors.values()), ()))
    able = {item for item, vector in vectors.items() if len(vector) == width}
    at = [i for i, item in enumerate(items) if item in able]
    if len(at) < LEAST:
        return None
    raw = np.stack([vectors[items[i]] for i in at]).astype(np.float32)  # (m, t)
    raw -= raw.mean(0)
    strength, directions = np.linalg.eigh(raw.T @ raw)  # (t,), (t, t), weakest first
    kept = strength > 1e-6 * strength[-1]
    kept[:-DIRECTIONS] = False
    found = raw @ (directions[:, kept] / np.sqrt(strength[kept]))  # (m, q)
    found /= np.maximum(np.linalg.norm(found, axis=1, keepdims=True), 1e-9)
    rows = np.zeros((FIRST_ROW + len(items), found.shape[1]), np.float32)
    rows[FIRST_ROW + np.array(at)] = found
    return rows


class TextRows(nn.Module):
    """The text's part of a table: `text` (N, q), fixed, times P (q, d), learned."""

    text: Tensor

    def __init__(self, text: Tensor, width: int, length: float = LENGTH) -> None:
        """With a `length` of 0 nothing changes until something is learned: for a warm start."""
        super().__init__()
        self.register_buffer("text", text, persistent=False)
        square = torch.empty(text.shape[1], width)
        nn.init.orthogonal_(square)
        self.project = nn.Parameter(square * length)

    def forward(self) -> Tensor:
        rows: Tensor = self.text @ self.project  # (N, d)
        return rows
