"""One training run within a budget of seconds: full or sampled softmax, early stop."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from models.adam import AdamW
from models.augment.adversarial import ROUNDS, worst
from models.augment.mixup import correction, mixed
from models.augment.synthesis import synthesise
from models.augment.wording import Wordings
from models.average import Average
from models.batches import Examples, Log, batches, cut, followers
from models.sequence import SequenceModel
from models.softmax import catalogue_loss
from models.terms import NO_TERMS, Share
from recaug import evaluation as evaluate
from recaug.augment.mix import Mix
from recaug.augment.registry import AUGMENTERS, Place
from recaug.augment.rows import counts, joined
from recaug.batch import FIRST_ROW, UNKNOWN_ROW, Sequences, windows

#: A fifth of the sequences as views.
FIVE = Mix.of(dict.fromkeys(("crop", "mask", "reorder", "substitute", "insert"), 0.04))


@dataclass(frozen=True, slots=True)
class Recipe:
    """How to train; the defaults were chosen on ml-100k and simulated traffic, one CPU thread."""

    loss: Literal["softmax", "one negative"] = "softmax"
    rate: float = 5e-3
    warm_rate: float = 1e-3
    dropout: float = 0.2
    stray: float = 0.0  # dropped of what leads away from the pooled mean (`models.sequence.Pool`)
    mix: Mix = FIVE  # of augmenters
    hidden: float = 0.5  # share of positions asked at once, since most requests are
    epochs: int = 60
    patience: int = 4
    full_softmax: int = 15_000  # items; with more, negatives are sampled
    negatives: int = 2_048  # shared by a batch
    batch: int = 32  # windows
    terms: Share = NO_TERMS  # beside the next event


@dataclass(slots=True)
class Progress:
    """What a run did, for the record."""

    epochs: int = 0
    steps: int = 0
    loss: float = math.nan
    best_epoch: int = 0
    best_step: int = 0
    best: float = -1.0
    origins: dict[str, int] = field(default_factory=dict)
    stopped: str = "epochs"


#: Steps without gain before a run may stop: on a short log an epoch is a few, and a model that
#: begins where items keep company is worse for a while before it is better.
PATIENT_STEPS = 400

#: Called with (step, steps expected, loss).
Report = Callable[[int, int, float], None]


def train(
    model: SequenceModel, optimizer: AdamW, log: Log, recipe: Recipe, rate: float,
    validation: Callable[[], float], over: Callable[[], bool], report: Report, seed: int,
    budget_s: float = 60.0, others: Tensor | None = None,
) -> Progress:  # fmt: skip
    """Train `model` in place until `over` says so, nothing is gained, or all epochs are done.

    `validation` is asked after each epoch, larger is better; the best epoch's weights stay. They
    are means over its last steps (`models.average`). What synthesises rows takes a share of
    `budget_s`. `others` (V, N, q) are other wordings of the model's texts.
    """
    rng = np.random.default_rng(seed)
    generator = torch.Generator(device="cpu").manual_seed(seed)
    model.encoder.drop(recipe.dropout, recipe.stray)
    run, length = Progress(), model.encoder.shape.history
    similar = followers(log, length, len(model.table))
    run.best = validation()
    best, average = _copy(model, optimizer), Average(model)
    made = synthesise(log, recipe.mix, _text(model), length, budget_s, over, seed)
    if made is not None and model.texts is not None:
        model.texts.text = torch.from_numpy(made.text).to(model.table.device)
    wordings = Wordings(others, sum(recipe.mix.at(Place.TEXT).values()), seed)
    while run.epochs < recipe.epochs and run.stopped == "epochs":
        rows = cut(log, length, rng)
        rows = rows if made is None else joined(rows, made.rows)
        steps = math.ceil(len(rows.items) / recipe.batch) * recipe.epochs
        with wordings.in_place(model.texts):
            for batch in batches(rows, similar, recipe.mix, recipe.batch, rng):
                if over():
                    run.stopped = "budget"
                    break
                run.loss = step(model, optimizer, batch, recipe, rate, generator)
                average.take()
                run.steps += 1
                run.origins = _add(run.origins, counts(batch.origin))
                report(run.steps, steps, run.loss)
        run.epochs += 1
        with average.in_place():
            reached = validation()
            if reached > run.best:
                run.best, run.best_epoch, run.best_step = reached, run.epochs, run.steps
                best = _copy(model, optimizer)
        waited = run.steps - run.best_step >= PATIENT_STEPS
        if waited and run.epochs - run.best_epoch >= recipe.patience:
            run.stopped = "no gain"
    _restore(model, optimizer, best)
    return run


def loss_of(
    model: SequenceModel, batch: Examples, recipe: Recipe, generator: torch.Generator,
    table: Tensor | None = None, mixup: bool = False,
) -> Tensor:  # fmt: skip
    """Mean cross-entropy of what came next over the whole catalogue, or a sample of it, and terms.

    `table` (N, d) is the model's own, or what an adversary makes of it.
    """
    table = model.unit() if table is None else table  # (N, d)
    hidden = torch.rand(batch.gaps.shape, generator=generator).lt(recipe.hidden)  # (B, L)
    asked = batch.gaps.masked_fill(hidden.to(batch.gaps.device), 0.0)  # (B, L)
    out = model.encoder(batch.items, batch.kinds, batch.gaps, table, asked)  # (B, L, d)
    at = batch.wanted.ge(FIRST_ROW)  # (B, L)
    vectors, wanted = out[at], batch.wanted[at]  # (M, d), (M,)
    heat = model.encoder.shape.temperature
    added: Tensor = (
        out.new_zeros(()) if model.terms is None else model.terms(batch, out, table, heat)
    )
    if mixup:
        vectors, partner, share = mixed(vectors, generator)
        added = added + correction(vectors, table, wanted, partner, share, heat)
    return added + _catalogue(vectors, wanted, table, recipe, heat, generator)


def _catalogue(
    vectors: Tensor, wanted: Tensor, table: Tensor, recipe: Recipe, heat: float,
    generator: torch.Generator,
) -> Tensor:  # fmt: skip
    """Mean loss of `wanted` (M,) for unit vectors (M, d) and a table (N, d) of unit rows."""
    if recipe.loss == "one negative":
        return _one_negative(vectors / heat, wanted, table, generator)
    if len(table) - FIRST_ROW <= recipe.full_softmax:
        return catalogue_loss(vectors, table[FIRST_ROW:], wanted - FIRST_ROW, heat)
    return _sampled(vectors / heat, wanted, table, recipe.negatives, generator)


def _one_negative(
    vectors: Tensor, wanted: Tensor, table: Tensor, generator: torch.Generator
) -> Tensor:
    """What SASRec was published with: right or wrong, against one item that was not chosen."""
    drawn = torch.randint(FIRST_ROW, len(table), wanted.shape, generator=generator)
    drawn = drawn.to(table.device)  # (M,)
    positive, negative = (vectors * table[wanted]).sum(1), (vectors * table[drawn]).sum(1)  # (M,)
    return (F.softplus(-positive) + F.softplus(negative)).mean()


def _sampled(
    vectors: Tensor, wanted: Tensor, table: Tensor, negatives: int, generator: torch.Generator
) -> Tensor:
    drawn = torch.randint(FIRST_ROW, len(table), (negatives,), generator=generator)
    drawn = drawn.to(table.device)  # (K,)
    positive = (vectors * table[wanted]).sum(1, keepdim=True)  # (M, 1)
    # Each drawn item stands for (N − 2) / K of the catalogue; the positive stands for itself.
    weight = math.log((len(table) - FIRST_ROW) / negatives)
    others = vectors @ table[drawn].T + weight  # (M, K)
    others = others.masked_fill(drawn.eq(wanted.unsqueeze(1)), -1e4)  # (M, K)
    logits = torch.cat([positive, others], dim=1)  # (M, 1 + K)
    return F.cross_entropy(logits, torch.zeros_like(wanted))


@torch.no_grad()
def scorer(model: SequenceModel, source: Sequences, table: Tensor | None = None) -> evaluate.Score:
    """Scores as they are served: asked at the event before the target, from the newest events.

    `table` (N, d) is the model's own where none is given.
    """
    model.eval()
    table = model.unit() if table is None else table  # (N, d)
    length, device = model.encoder.shape.history, table.device

    @torch.no_grad()
    def score(part: evaluate.Targets) -> evaluate.Scores:
        batch = windows(source, part.starts, part.at, part.asked_ms, length)
        # A champion may have fewer rows than the log has by now.
        known = np.where(batch.items < len(table), batch.items, UNKNOWN_ROW)  # (B, L)
        arrays = (known, batch.kinds, batch.gaps)
        items, kinds, gaps = (torch.from_numpy(array).to(device) for array in arrays)  # (B, L)
        out = model.encoder(items, kinds, gaps, table, newest=True)[:, 0]  # (B, d)
        scores: evaluate.Scores = (out @ table.T).cpu().numpy()  # (B, N)
        return scores

    return score


def step(
    model: SequenceModel, optimizer: AdamW, batch: Examples, recipe: Recipe, rate: float,
    generator: torch.Generator,
) -> float:  # fmt: skip
    """One update; what acts inside a step is drawn for it by its share. Returns the loss."""
    model.train()
    batch = _on(batch, model.table.device)
    acting = [name for name, share in recipe.mix.at(Place.STEP).items()
              if float(torch.rand((), generator=generator)) < share]  # fmt: skip
    table = model.unit()  # (N, d)
    if ROUNDS.keys() & acting:
        table.retain_grad()
    loss = loss_of(model, batch, recipe, generator, table, mixup="mixup" in acting)
    loss.backward()  # type: ignore[no-untyped-call]
    for name in (name for name in acting if name in ROUNDS):
        assert table.grad is not None
        _pushed(model, batch, recipe, generator, table.grad, name).backward()  # type: ignore[no-untyped-call]
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    # New rows need no faster rate of their own: their step count starts at zero.
    optimizer.step(rate * min(1.0, _warmup(optimizer)))
    return float(loss.detach())


def _pushed(
    model: SequenceModel, batch: Examples, recipe: Recipe, generator: torch.Generator,
    gradient: Tensor, name: str,
) -> Tensor:  # fmt: skip
    """The loss where an adversary has moved the items, at its weight; `gradient` (N, d)."""

    def at(table: Tensor) -> Tensor:
        return loss_of(model, batch, recipe, generator, F.normalize(table, dim=1))

    own = model.unit()  # (N, d)
    return AUGMENTERS[name].weight * at(own + worst(at, own, gradient, ROUNDS[name]))


def _text(model: SequenceModel) -> Tensor:
    """What is known of the attributes of items, (N, q), where nothing is one that is always 0."""
    return model.table.new_zeros(len(model.table), 1) if model.texts is None else model.texts.text


def _warmup(optimizer: AdamW) -> float:
    steps = float(optimizer.state["encoder.norm.weight.steps"].max())
    return (steps + 1) / 50


def _on(batch: Examples, device: torch.device) -> Examples:
    return Examples(
        batch.items.to(device), batch.kinds.to(device), batch.gaps.to(device),
        batch.wanted.to(device), batch.origin, batch.owner,
    )  # fmt: skip


def _add(total: dict[str, int], more: dict[str, int]) -> dict[str, int]:
    return {name: total.get(name, 0) + count for name, count in more.items()}


Copy = tuple[dict[str, Tensor], dict[str, Tensor]]


def _copy(model: SequenceModel, optimizer: AdamW) -> Copy:
    weights = {name: value.detach().clone() for name, value in model.state_dict().items()}
    return weights, {name: value.clone() for name, value in optimizer.state.items()}


def _restore(model: SequenceModel, optimizer: AdamW, copy: Copy) -> None:
    model.load_state_dict(copy[0])
    for name, value in copy[1].items():
        optimizer.state[name].copy_(value)
