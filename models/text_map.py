"""From text to the space of items: a new item gets a row before anybody has touched it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

Float32 = npt.NDArray[np.float32]

#: Ridge, as a share of the mean variance of a text dimension times the number of items.
RIDGE = 0.1
#: Fewer items than this with text say nothing about the rest.
LEAST = 32


def fit(
    vocabulary: Sequence[str], table: Float32, counts: npt.NDArray[np.int64],
    vectors: Mapping[str, Float32],
) -> Float32 | None:  # fmt: skip
    """A matrix (t, d) that takes text vectors to rows of length about 1, or None without text.

    `table` (n, d) and `counts` (n,) go with `vocabulary`. Ridge regression, each item weighted by
    n / (n + 5): a vector learned from one event is mostly noise.
    """
    at = [i for i, item in enumerate(vocabulary) if item in vectors and counts[i] > 0]
    if len(at) < LEAST:
        return None
    text = np.stack([vectors[vocabulary[i]] for i in at]).astype(np.float64)  # (m, t)
    rows, seen = table[at].astype(np.float64), counts[at, None]  # (m, d), (m, 1)
    weighted = text * (seen / (seen + 5))
    square = weighted.T @ text  # (t, t)
    ridge = RIDGE * np.trace(square) / len(square) * np.eye(len(square))
    found = np.linalg.solve(square + ridge, weighted.T @ rows)  # (t, d)
    # Ridge shrinks what it predicts; scores compare lengths, so the mean length is put right.
    found /= np.linalg.norm(text @ found, axis=1).mean()
    return found.astype(np.float32)


def first_rows(
    items: Sequence[str], vectors: Mapping[str, Float32], text_map: Float32, noise: Float32
) -> Float32:
    """Rows (n, d) for new items: what their text predicts, `noise` where they have none."""
    rows = noise.copy()
    length = np.linalg.norm(noise, axis=1, keepdims=True)
    for i, item in enumerate(items):
        if item in vectors and len(vectors[item]) == len(text_map):
            row = vectors[item] @ text_map
            # As short as a random row: direction from the text, still quick to turn.
            rows[i] = row / max(float(np.linalg.norm(row)), 1e-6) * length[i]
    return rows
