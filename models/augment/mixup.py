"""Two positions at once, each asked for its share (Zhang et al. 2018, at the representation)."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

#: The mean share of the lesser of two is about a ninth: Beta(α, α) folded to its upper half.
ALPHA = 0.2


def mixed(vectors: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor, float]:
    """Unit vectors (M, d) → blends of length 1 (M, d), partner of each (M,), the own share ≥ ½."""
    share = _beta(generator)
    partner = torch.randperm(len(vectors), generator=generator).to(vectors.device)  # (M,)
    blend = share * vectors + (1 - share) * vectors[partner]  # (M, d)
    return F.normalize(blend, dim=1), partner, share


def correction(
    vectors: Tensor, table: Tensor, wanted: Tensor, partner: Tensor, share: float, heat: float
) -> Tensor:
    """What is added to the loss of `wanted` (M,) to make it the mean over both that are wanted.

    Both have the same normaliser, so only their scores differ: the softmax is computed once.
    """
    apart = table[wanted] - table[wanted[partner]]  # (M, d)
    return (1 - share) / heat * (vectors * apart).sum(1).mean()


def _beta(generator: torch.Generator) -> float:
    """Beta(α, α) from uniforms (Jöhnk 1964), the larger of it and the rest."""
    while True:
        first, second = torch.rand(2, generator=generator).pow(1 / ALPHA).tolist()
        if 0 < first + second <= 1:
            share: float = first / (first + second)
            return max(share, 1 - share)
