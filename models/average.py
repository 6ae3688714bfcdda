"""The mean of the weights over the last part of a run, which is what validates and is kept.

At a constant rate the weights circle around where they are going; their mean is nearer to it. The
part grows with the run, so nothing has to be set for short runs and long ones (Karras et al.,
"Analyzing and Improving the Training Dynamics of Diffusion Models", CVPR 2024, §3).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import nn

#: About one in so many of the steps so far count.
PART = 10


class Average:
    """Follows the parameters of a model while they are trained."""

    def __init__(self, model: nn.Module) -> None:
        self._model, self._steps = model, 0
        self._mean = {name: value.detach().clone() for name, value in model.named_parameters()}

    @torch.no_grad()
    def take(self) -> None:
        """Count the weights as they are now; the first step counts alone."""
        self._steps += 1
        share = PART / (self._steps + PART - 1)
        for name, value in self._model.named_parameters():
            self._mean[name].lerp_(value, share)

    @contextmanager
    def in_place(self) -> Iterator[None]:
        """The model has the mean for its weights meanwhile."""
        self._swap()
        try:
            yield
        finally:
            self._swap()

    @torch.no_grad()
    def _swap(self) -> None:
        for name, value in self._model.named_parameters():
            own = value.detach().clone()
            value.copy_(self._mean[name])
            self._mean[name] = own
