"""Figures of places and of lists."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from recaug.batch import FIRST_ROW, Int64

Float64 = npt.NDArray[np.float64]

TOP = 10
#: Lengths of list that figures are given for.
LENGTHS = (5, 10, 20)


def ndcg(places: Int64, k: int = TOP) -> Float64:
    """1 / log2(2 + place) of each target within the first k, else 0, (T,)."""
    near = np.minimum(places, k).astype(np.float64)
    return np.where(places < k, 1.0 / np.log2(near + 2.0), 0.0)


def hits(places: Int64, k: int = TOP) -> Float64:
    """1 for each target within the first k, else 0, (T,)."""
    return (places < k).astype(np.float64)


def reciprocals(places: Int64, k: int = TOP) -> Float64:
    """1 / (1 + place) of each target within the first k, else 0, (T,)."""
    near = np.minimum(places, k).astype(np.float64)
    return np.where(places < k, 1.0 / (near + 1.0), 0.0)


#: With one right item a target, HR@k is also Recall@k.
METRICS = {"hr": hits, "ndcg": ndcg, "mrr": reciprocals}


def values(name: str, places: Int64) -> Float64:
    """A metric by the name reports have for it, e.g. `ndcg@10`, of each target, (T,)."""
    metric, _, k = name.partition("@")
    return METRICS[metric](places, int(k))


def means(places: Int64) -> dict[str, float]:
    """Every metric at every length; 0 where there is no target."""
    names = (f"{metric}@{k}" for metric in METRICS for k in LENGTHS)
    return {n: float(values(n, places).mean()) if len(places) else 0.0 for n in names}


def coverage(lists: Int64, size: int, k: int = TOP) -> float:
    """Share of the catalogue, rows 2 … `size` − 1, that is on at least one of the lists."""
    shown = np.unique(lists[:, :k])
    return float((shown >= FIRST_ROW).sum() / max(1, size - FIRST_ROW))


def novelty(lists: Int64, counts: Int64, k: int = TOP) -> float:
    """Mean self-information −log2 p(item) of what is shown, bits (Zhou et al. 2010).

    `counts` are the training events of each row; one more is added to each, so that an item nobody
    has had yet is novel, not infinitely so.
    """
    shown = lists[:, :k]
    shown = shown[shown >= FIRST_ROW]
    smooth = counts[FIRST_ROW:] + 1.0
    information = -np.log2(smooth / smooth.sum())
    return float(information[shown - FIRST_ROW].mean()) if len(shown) else 0.0
