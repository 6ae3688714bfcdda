"""Cross-entropy over a whole catalogue, a few positions at a time.

The textbook way writes, reads and keeps several arrays of positions × items: on a CPU that is most
of a step. Here a piece of positions is scored, normalised and turned into gradients at once, and
nothing of it is kept. Products are in bfloat16 where the processor multiplies that natively (three
to four times float32's rate); sums, exponentials and gradients are float32.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

#: Scores at once, 16 MB as float32: with fewer, a large table is read and written too often.
PIECE = 4_000_000


def catalogue_loss(vectors: Tensor, table: Tensor, wanted: Tensor, temperature: float) -> Tensor:
    """Mean cross-entropy of `wanted` among all rows of `table` by cosine over `temperature`.

    vectors (M, d) and table (N, d) have rows of length 1, wanted (M,) int64 → a scalar. Gradients
    are computed with it, since the only thing missing from them then is a factor.
    """
    loss: Tensor = _CatalogueLoss.apply(vectors, table, wanted, temperature)
    return loss


def fast_type(device: torch.device) -> torch.dtype:
    """bfloat16 where products of it are faster than float32's, else float32."""
    if device.type == "cuda":
        return torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float32
    able = torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported()
    return torch.bfloat16 if able else torch.float32


class _CatalogueLoss(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, vectors: Tensor, table: Tensor, wanted: Tensor, temperature: float
    ) -> Tensor:
        kind = fast_type(table.device)
        rows, scaled = table.to(kind), (vectors / temperature).to(kind)  # (N, d), (M, d)
        by_vector, by_row = torch.empty_like(vectors), torch.zeros_like(table)
        total = vectors.new_zeros(())
        step = max(1, PIECE // len(table))
        for at in range(0, len(vectors), step):
            part = slice(at, at + step)
            loss, error = _errors(scaled[part] @ rows.T, wanted[part], 1 / temperature)
            error = error.div_(len(vectors)).to(kind)  # (P, N)
            total += loss
            by_vector[part] = error @ rows  # (P, d)
            by_row += error.T @ scaled[part]  # (N, d)
        ctx.save_for_backward(by_vector.div_(temperature), by_row)
        return total / len(vectors)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, Tensor, None, None]:
        by_vector, by_row = ctx.saved_tensors
        return by_vector * gradients[0], by_row * gradients[0], None, None


def _errors(scores: Tensor, wanted: Tensor, highest: float) -> tuple[Tensor, Tensor]:
    """scores (P, N), wanted (P,) → summed loss, and probability less truth, (P, N) float32.

    No score exceeds `highest`, so that is what is taken off before the exponential, and no pass is
    spent on finding each row's own maximum.
    """
    wanted = wanted.unsqueeze(1)  # (P, 1)
    shifted = scores.float().sub_(highest)  # (P, N)
    own = shifted.gather(1, wanted)  # (P, 1)
    shares = shifted.exp_()  # (P, N)
    sums = shares.sum(1, keepdim=True)  # (P, 1)
    loss = (sums.log() - own).sum()
    return loss, shares.div_(sums).scatter_add_(1, wanted, torch.full_like(own, -1.0))
