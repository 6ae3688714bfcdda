"""Item vectors moved to where the loss grows fastest, within a small ball, and learned from there.

FGM takes one step (Goodfellow et al. 2015; Miyato et al. 2017, on embeddings; He et al. 2018, APR,
on items), PGD several, each kept inside the ball (Madry et al. 2018).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
from torch import Tensor
from torch.nn import functional as F

#: Radius of the ball around each row, as a share of the mean length of rows.
RADIUS = 0.5
#: Steps of each method.
ROUNDS: Mapping[str, int] = {"fgm": 1, "pgd": 3}

Loss = Callable[[Tensor], Tensor]


def worst(loss: Loss, table: Tensor, gradient: Tensor, rounds: int) -> Tensor:
    """The move (N, d) of the rows of `table` (N, d), each at most the radius long.

    `gradient` (N, d) is that of `loss` at `table`; further ones are taken where the rows are then.
    A row that the loss does not depend on stays.
    """
    table = table.detach()
    radius = RADIUS * table.norm(dim=1).mean()
    # A single step goes all the way; of several each may go as far as it takes to turn around.
    length = radius if rounds == 1 else 2 * radius / rounds
    move = length * _directions(gradient)  # (N, d)
    for _ in range(rounds - 1):
        at = (table + move).requires_grad_()
        (gradient,) = torch.autograd.grad(loss(at), at)
        move = _within(move + length * _directions(gradient), radius)
    return _within(move, radius)


def _directions(gradient: Tensor) -> Tensor:
    return F.normalize(gradient.detach(), dim=1, eps=1e-12)


def _within(move: Tensor, radius: Tensor) -> Tensor:
    inside: Tensor = move * (radius / move.norm(dim=1, keepdim=True).clamp(min=1e-12)).clamp(max=1)
    return inside
