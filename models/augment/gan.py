"""A generator of sequences and a discriminator that learns to tell them from real ones.

Items are drawn through a straight-through Gumbel softmax, so that gradients reach the generator
(Kusner & Hernández-Lobato 2016). It first learns by likelihood, as SeqGAN does (Yu et al. 2017),
and keeps doing so beside the adversary, against collapse onto a few sequences. The loss does not
saturate (Goodfellow et al. 2014), R1 keeps the discriminator smooth (Mescheder 2018).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from models.adam import AdamW
from models.augment.decoder import WIDTH, Decoder, Made, Study, likelihood, noise, seeded

#: Part of the steps, or of the time, in which it learns by likelihood alone.
FIRST = 0.6
#: Weights of the adversary beside likelihood, and of R1.
ADVERSARY, SMOOTH = 0.2, 0.1
BATCH, RATE, JUDGE_RATE = 64, 5e-3, 5e-3


class Discriminator(nn.Module):
    """Item vectors and attributes of a sequence → how real it looks, a logit."""

    def __init__(self, numbers: int, attributes: int) -> None:
        super().__init__()
        self.items = nn.Embedding(numbers, WIDTH)
        self.near = nn.Conv1d(WIDTH + attributes, WIDTH, 3, padding=1)
        self.far = nn.Conv1d(WIDTH, WIDTH, 3, padding=2, dilation=2)
        self.verdict = nn.Linear(WIDTH, 1)

    def forward(self, events: Tensor) -> Tensor:
        """(B, W, d + q) → (B,)"""
        x = F.leaky_relu(self.near(events.transpose(1, 2)), 0.2)  # (B, d, W)
        x = F.leaky_relu(self.far(x), 0.2)  # (B, d, W)
        verdict: Tensor = self.verdict(x.mean(2)).squeeze(1)  # (B,)
        return verdict

    def real(self, study: Study, items: Tensor) -> Tensor:
        """(B, W) → (B, W, d + q)"""
        return torch.cat([self.items(items), study.attributes[items]], 2)

    def made(self, study: Study, made: Made) -> Tensor:
        """The same of what the generator made; attributes count where such an item can have any."""
        assert made.soft is not None
        able = study.attributes.ne(0).any(1)[made.items].unsqueeze(2)  # (B, W, 1)
        attributes = F.normalize(made.attributes, dim=2) * able  # (B, W, q)
        return torch.cat([made.soft @ self.items.weight, attributes], 2)


@dataclass(slots=True)
class Course:
    """Losses of each step."""

    likelihood: list[float] = field(default_factory=list)
    generator: list[float] = field(default_factory=list)
    discriminator: list[float] = field(default_factory=list)


def fit(study: Study, steps: int, gone: Callable[[], float], seed: int) -> tuple[Decoder, Course]:
    """The generator, and how it went. Ends after `steps`, or when the time is `gone`, 1."""
    with seeded(seed) as generator:
        maker = Decoder(*study.attributes.shape).to(study.items.device)
        judge = Discriminator(*study.attributes.shape).to(study.items.device)
    makes, judges, course = AdamW(maker, decay=0.0), AdamW(judge, decay=0.0), Course()
    for number in range(steps):
        done = max(number / steps, gone())
        if done >= 1:
            break
        items = study.batch(BATCH, generator)
        loss = likelihood(maker, study, items, noise(BATCH, generator, items.device))
        course.likelihood.append(float(loss.detach()))
        if done >= FIRST:
            made = _made(maker, items, generator)
            course.discriminator.append(_judged(judge, judges, study, items, made))
            deceit = F.softplus(-judge(judge.made(study, made))).mean()
            course.generator.append(float(deceit.detach()))
            loss = loss + ADVERSARY * deceit
        loss.backward()  # type: ignore[no-untyped-call]
        makes.step(RATE)
        judge.zero_grad(set_to_none=True)
    return maker, course


def _made(maker: Decoder, items: Tensor, generator: torch.Generator) -> Made:
    drawn = noise(len(items), generator, items.device)
    return maker.make(drawn, items.shape[1], generator, soft=True)


def _judged(judge: Discriminator, judges: AdamW, study: Study, items: Tensor, made: Made) -> float:
    """One step of the discriminator; returns its loss without R1."""
    real = judge.real(study, items).detach().requires_grad_()  # (B, W, d + q)
    verdict = judge(real)  # (B,)
    (slope,) = torch.autograd.grad(verdict.sum(), real, create_graph=True)
    smooth = slope.square().sum((1, 2)).mean()
    loss = F.softplus(-judge(judge.real(study, items))).mean()
    loss = loss + F.softplus(judge(judge.made(study, made.detach()))).mean()
    (loss + 0.5 * SMOOTH * smooth).backward()  # type: ignore[no-untyped-call]
    judges.step(JUDGE_RATE)
    return float(loss.detach())
