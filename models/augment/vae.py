"""A variational autoencoder of sequences (Bowman et al. 2016; Sachdeva et al. 2019).

A sequence is read into a distribution of noise, and said again from a draw of it. The divergence
from plain noise counts less than the bound has it, and at first not at all (Liang et al. 2018).
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from models.adam import AdamW
from models.augment.decoder import NOISE, WIDTH, Decoder, Study, likelihood, seeded

#: Weight of the divergence, and the steps it takes to get there.
DIVERGENCE, ANNEALED = 0.2, 100
BATCH, RATE = 64, 5e-3


class Vae(nn.Module):
    def __init__(self, numbers: int, attributes: int) -> None:
        super().__init__()
        self.decoder = Decoder(numbers, attributes)
        self.read = nn.GRU(WIDTH, WIDTH, batch_first=True)
        self.mean, self.spread = nn.Linear(WIDTH, NOISE), nn.Linear(WIDTH, NOISE)

    def forward(self, items: Tensor) -> tuple[Tensor, Tensor]:
        """items (B, W) → mean and log variance of the noise that says them, (B, k) each."""
        _, state = self.read(self.decoder.items(items))  # (1, B, d)
        return self.mean(state[0]), self.spread(state[0]).clamp(-8, 8)


def fit(
    study: Study, steps: int, gone: Callable[[], float], seed: int
) -> tuple[Decoder, list[float]]:
    """The decoder, and the loss of each step. Ends after `steps`, or when the time is `gone`, 1."""
    with seeded(seed) as generator:
        vae = Vae(*study.attributes.shape).to(study.items.device)
    optimizer, losses = AdamW(vae, decay=0.0), list[float]()
    for number in range(steps):
        if gone() >= 1:
            break
        weight = DIVERGENCE * min(1.0, number / ANNEALED)
        loss = bound(vae, study, study.batch(BATCH, generator), weight, generator)
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step(RATE)
        losses.append(float(loss.detach()))
    return vae.decoder, losses


def bound(
    vae: Vae, study: Study, items: Tensor, weight: float, generator: torch.Generator
) -> Tensor:
    """The evidence lower bound, negative, its divergence weighted; per event, a scalar."""
    mean, spread = vae(items)  # (B, k) each
    drawn = torch.randn(mean.shape, generator=generator).to(mean.device)  # (B, k)
    said = likelihood(vae.decoder, study, items, mean + drawn * (0.5 * spread).exp())
    apart = 0.5 * (mean.square() + spread.exp() - 1 - spread).sum(1).mean()
    cost: Tensor = said + weight * apart / max(1.0, float(items.ne(0).sum(1).float().mean()))
    return cost
