"""AdamW with a step count per row, so that rows added later get their own warm-up.

Importing torch.optim's takes 4 s of a 15 s budget (it loads the compiler); this is all we need of
it. Kingma & Ba 2015, decoupled decay after Loshchilov & Hutter 2019.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn


class AdamW:
    """Moments and steps are plain tensors by parameter name: `state` is what a bundle keeps."""

    def __init__(
        self, model: nn.Module, decay: float = 0.01, betas: tuple[float, float] = (0.9, 0.98)
    ) -> None:
        self.parameters = dict(model.named_parameters())
        self.decay, self.betas = decay, betas
        self.state: dict[str, Tensor] = {}
        for name, parameter in self.parameters.items():
            self.state[f"{name}.mean"] = torch.zeros_like(parameter)
            self.state[f"{name}.square"] = torch.zeros_like(parameter)
            steps = (len(parameter), *[1] * (parameter.dim() - 1))
            self.state[f"{name}.steps"] = torch.zeros(steps, device=parameter.device)

    def adopt(self, older: AdamW) -> AdamW:
        """Go on from the moments and steps of an optimiser of some of the same parameters."""
        self.state.update(older.state)
        return self

    def forget(self, parameter: str) -> None:
        """Leave a parameter as it is from now on."""
        self.parameters.pop(parameter, None)
        for kept in ("mean", "square", "steps"):
            self.state.pop(f"{parameter}.{kept}", None)

    def to(self, device: torch.device) -> None:
        """Follow the model to a device."""
        self.state = {name: value.to(device) for name, value in self.state.items()}

    @torch.no_grad()
    def step(self, rate: float) -> None:
        """One update at this learning rate; gradients are consumed."""
        for name, parameter in self.parameters.items():
            if parameter.grad is not None:
                self._update(name, parameter, parameter.grad, rate)
                parameter.grad = None

    def _update(self, name: str, parameter: Tensor, gradient: Tensor, rate: float) -> None:
        first, second = self.betas
        mean, square = self.state[f"{name}.mean"], self.state[f"{name}.square"]
        steps = self.state[f"{name}.steps"].add_(1)
        mean.lerp_(gradient, 1 - first)
        square.mul_(second).addcmul_(gradient, gradient, value=1 - second)
        if parameter.dim() > 1 and name != "table":
            # The table is compared by angle: shrinking its rows would change nothing but the rate.
            parameter.mul_(1 - rate * self.decay)
        size = (square / (1 - second**steps)).sqrt_().add_(1e-8)
        parameter.addcdiv_(mean / (1 - first**steps), size, value=-rate)
