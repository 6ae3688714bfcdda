"""Cross-entropy over a whole catalogue, a few positions at a time.

The textbook way writes, reads and keeps several arrays of positions × items: on a CPU that is most
of a step. Here a piece of positions is scored, exponentiated in place and turned into gradients at
once; what normalises it is divided out of the products, and nothing of it is kept. Products are in
bfloat16 where the processor multiplies that natively (three to four times float32's rate); sums and
gradients are float32.
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
        kind, count = fast_type(table.device), len(vectors)
        rows, scaled = table.to(kind), (vectors / temperature).to(kind)  # (N, d), (M, d)
        by_vector, by_row = torch.empty_like(vectors), torch.zeros_like(table)
        total = vectors.new_zeros(())
        step = max(1, PIECE // len(table))
        for at in range(0, count, step):
            part = slice(at, at + step)
            loss, errors, sums = _errors(scaled[part] @ rows.T, wanted[part])
            total += loss
            by_vector[part] = (errors @ rows) / sums  # (P, d)
            by_row += errors.T @ (scaled[part] / sums).to(kind)  # (N, d)
        ctx.save_for_backward(by_vector.div_(temperature * count), by_row.div_(count))
        return total / count

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, Tensor, None, None]:
        by_vector, by_row = ctx.saved_tensors
        return by_vector * gradients[0], by_row * gradients[0], None, None


def _errors(scores: Tensor, wanted: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """scores (P, N), wanted (P,) → summed loss, (probability − truth) × sums (P, N), sums (P, 1).

    The scores' memory is used. A cosine over a temperature is at most 14: its exponential needs no
    maximum taken off first.
    """
    wanted = wanted.unsqueeze(1)  # (P, 1)
    own = scores.gather(1, wanted).float()  # (P, 1)
    errors = scores.exp_()  # (P, N)
    sums = errors.sum(1, keepdim=True, dtype=torch.float32)  # (P, 1)
    truth = errors.gather(1, wanted) - sums  # (P, 1)
    errors.scatter_(1, wanted, truth.to(errors.dtype))
    return (sums.log() - own).sum(), errors, sums
