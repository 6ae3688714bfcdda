"""Events one after the other from noise: what a VAE and a GAN both learn to make.

Items are numbered 1 … K, commonest first; 0 ends a sequence and fills it up behind. With each item
comes a guess at its attributes, which are its whitened text.

Shapes: B sequences of W places, K + 1 numbers, k noise, q attributes, d width.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

#: Width of states and item vectors, and of the noise.
WIDTH, NOISE = 48, 16
#: Temperature of the softmax that stands for a choice while gradients flow through it.
SOFT = 0.7


@dataclass(frozen=True, slots=True)
class Study:
    """What there is to learn from."""

    items: Tensor  # (S, W) int64
    attributes: Tensor  # (K + 1, q) float32, 0 where an item has no text

    def batch(self, size: int, generator: torch.Generator) -> Tensor:
        """Some of the sequences, (`size`, W), drawn with replacement."""
        at = torch.randint(len(self.items), (size,), generator=generator)
        return self.items[at.to(self.items.device)]


@dataclass(frozen=True, slots=True)
class Made:
    """Synthesised events; `soft` is what gradients flow through."""

    items: Tensor  # (B, W) int64
    attributes: Tensor  # (B, W, q)
    soft: Tensor | None = None  # (B, W, K + 1) one-hot forward, softmax backward

    def detach(self) -> Made:
        soft = None if self.soft is None else self.soft.detach()
        return Made(self.items, self.attributes.detach(), soft)


class Decoder(nn.Module):
    """Noise and the items so far → the next item and its attributes."""

    def __init__(self, numbers: int, attributes: int) -> None:
        super().__init__()
        self.items = nn.Embedding(numbers, WIDTH)
        self.begin = nn.Linear(NOISE, WIDTH)
        self.state = nn.GRU(WIDTH + NOISE, WIDTH, batch_first=True)
        self.bias = nn.Parameter(torch.zeros(numbers))
        self.attributes = nn.Linear(WIDTH, attributes)

    def forward(self, items: Tensor, noise: Tensor) -> tuple[Tensor, Tensor]:
        """items (B, W), noise (B, k) → logits (B, W, K + 1) and attributes (B, W, q) of each."""
        before = self.items(F.pad(items[:, :-1], (1, 0)))  # (B, W, d)
        spread = noise.unsqueeze(1).expand(-1, items.shape[1], -1)  # (B, W, k)
        states, _ = self.state(torch.cat([before, spread], 2), self._first(noise))  # (B, W, d)
        logits = states @ self.items.weight.T + self.bias  # (B, W, K + 1)
        return logits, self.attributes(states)

    def make(self, noise: Tensor, width: int, generator: torch.Generator, soft: bool) -> Made:
        """Sequences of their own, (B, `width`): each item is drawn, and read before the next."""
        state, before = self._first(noise), self.items.weight[:1].expand(len(noise), -1)  # (B, d)
        items, attributes, softs = [], [], []
        ended = torch.zeros(len(noise), dtype=torch.bool, device=noise.device)  # (B,)
        for place in range(width):
            out, state = self.state(torch.cat([before, noise], 1).unsqueeze(1), state)
            logits = out[:, 0] @ self.items.weight.T + self.bias  # (B, K + 1)
            if place < 2:  # of less than two events nothing is to be learned
                logits = logits.index_fill(1, logits.new_zeros(1, dtype=torch.long), -1e4)
            drawn, choice = _draw(logits, ended, generator, soft)  # (B,), (B, K + 1) or (B,)
            before = choice @ self.items.weight if soft else self.items(drawn)  # (B, d)
            ended = drawn.eq(0)
            items.append(drawn)
            attributes.append(self.attributes(out[:, 0]))
            softs.append(choice)
        said = torch.stack(items, 1), torch.stack(attributes, 1)
        return Made(*said, torch.stack(softs, 1) if soft else None)

    def _first(self, noise: Tensor) -> Tensor:
        first: Tensor = torch.tanh(self.begin(noise)).unsqueeze(0)  # (1, B, d)
        return first


def likelihood(decoder: Decoder, study: Study, items: Tensor, noise: Tensor) -> Tensor:
    """What it costs to say `items` (B, W) and their attributes: mean over the events, a scalar."""
    logits, guessed = decoder(items, noise)
    # The end is asked for once; what fills up behind it is certain.
    there = F.pad(items[:, :-1].ne(0), (1, 0), value=True)  # (B, W)
    said = F.cross_entropy(logits[there], items[there])
    wanted = study.attributes[items]  # (B, W, q)
    known = wanted.ne(0).any(2)  # (B, W)
    if not known.any():
        return said
    return said + (1 - F.cosine_similarity(guessed[known], wanted[known], dim=1)).mean()


@contextmanager
def seeded(seed: int) -> Iterator[torch.Generator]:
    """Weights begin by the seed meanwhile; nobody else draws other numbers for it."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        yield torch.Generator().manual_seed(seed)


def noise(size: int, generator: torch.Generator, device: torch.device) -> Tensor:
    """(`size`, k)"""
    return torch.randn(size, NOISE, generator=generator).to(device)


def _draw(
    logits: Tensor, ended: Tensor, generator: torch.Generator, soft: bool
) -> tuple[Tensor, Tensor]:
    """An item each by Gumbel-max, 0 behind an end (Jang et al. 2017); `soft` straight through."""
    uniform = torch.rand(logits.shape, generator=generator).clamp(1e-9, 1 - 1e-7).to(logits.device)
    noisy = logits - (-uniform.log()).log()  # (B, K + 1)
    drawn = noisy.argmax(1).masked_fill(ended, 0)  # (B,)
    if not soft:
        return drawn, drawn
    hard = F.one_hot(drawn, logits.shape[1]).to(logits.dtype)  # (B, K + 1)
    shares = (noisy / SOFT).softmax(1)
    return drawn, hard + (shares - shares.detach()) * ~ended.unsqueeze(1)
