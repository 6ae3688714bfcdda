"""One fine-tune: split the log by time, train, judge, and write a bundle if the judge agrees.

    job.json, buffer.npz ─► hold out the newest ─► train ─► gate ─► ONNX, parity ─► bundle

The bundle is written only for a winner; a loser leaves its figures in result.json.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch

from models import bundle, text_map, weights
from models.adam import AdamW
from models.device import choose
from models.job import Job
from models.judge import judge
from models.sequence import SPREAD, SequenceModel, Shape
from models.split import Split, split
from models.text_rows import whitened
from models.train import Progress, Recipe, scorer, train
from recaug import atomic
from recaug import evaluation as evaluate
from recaug.registry import Bundle, ModelRecord

#: Kept of the budget for the gate, the export and the bundle.
RESERVE_S = 5.0
RECIPE = Recipe()

#: Called with (stage, step, steps, loss).
Say = Callable[[str, int, int, float | None], None]


@dataclass(frozen=True, slots=True)
class Trained:
    model: SequenceModel
    optimizer: AdamW
    progress: Progress
    device: torch.device
    seconds: float


def fine_tune(job: Job, spent_s: Callable[[], float], say: Say) -> ModelRecord:
    """Run the job until `spent_s` reaches its budget, seconds.

    Writes the bundle of a winner and, always, result.json. Raises CorruptBundle for a damaged
    parent and ParityError for an export that does not rank as the model does.
    """
    terms = job.terms
    torch.set_num_threads(terms.threads)
    torch.manual_seed(terms.seed)
    registry = terms.open_registry()
    parent = registry.open(terms.name, terms.parent) if terms.parent else None
    known: list[str] = parent.json(bundle.VOCABULARY) if parent else []
    data = split(job.snapshot, known, terms.history, terms.item_capacity)
    trained = _train(job, data, parent, spent_s, say)
    say("gate", 0, 1, None)
    found = judge(job, data, trained.model, parent)
    say("gate", 1, 1, None)
    extra, device = _extra(trained), str(trained.device)
    record = bundle.record(job, data, found.verdict, extra, trained.seconds, device)
    if record.promoted:
        say("export", 0, 1, None)
        made = bundle.Made(trained.model, trained.optimizer, found.fusion)
        record = bundle.write(job, data, record, made)
        say("export", 1, 1, None)
    atomic.write_bytes(job.directory / "result.json", record.model_dump_json(indent=1).encode())
    return record


def _train(
    job: Job, data: Split, parent: Bundle | None, spent_s: Callable[[], float], say: Say
) -> Trained:
    began, device = time.monotonic(), choose(job.terms.device)
    model, optimizer = _start(job, data, parent)
    text = whitened(data.vocabulary, job.vectors) if data.rows <= RECIPE.full_softmax else None
    optimizer = weights.with_texts(model, optimizer, text, fresh=parent is None)
    model.to(device)
    optimizer.to(device)

    def validation() -> float:
        score = scorer(model, data.source)
        places = evaluate.ranks(score, data.source, data.validation, job.terms.history, data.rows)
        return float(evaluate.ndcg(places).mean()) if len(places) else 0.0

    progress = train(
        model, optimizer, data.log, RECIPE, RECIPE.warm_rate if parent else RECIPE.rate,
        validation, _over(job, spent_s),
        lambda step, steps, loss: say("train", step, steps, loss), job.terms.seed,
    )  # fmt: skip
    model.cpu()
    optimizer.to(torch.device("cpu"))
    weights.settled(model, optimizer)
    return Trained(model, optimizer, progress, device, time.monotonic() - began)


def _start(job: Job, data: Split, parent: Bundle | None) -> tuple[SequenceModel, AdamW]:
    """The parent with rows for the new items, or a model that knows nothing."""
    shape = Shape(history=job.terms.history)
    if parent is None or weights.shape_of(parent) != shape:
        # Another shape cannot be continued; the gate still compares the two.
        model = SequenceModel(shape, data.rows, RECIPE.dropout)
        return model, AdamW(model)
    model, optimizer = weights.restore(parent, RECIPE.dropout)
    new = torch.randn(len(data.vocabulary) - data.inherited, shape.width) * SPREAD  # (M, d)
    if parent.has(bundle.TEXT_MAP) and len(new):
        items = data.vocabulary[data.inherited :]
        rows = text_map.first_rows(items, job.vectors, parent.array(bundle.TEXT_MAP), new.numpy())
        new = torch.from_numpy(rows)
    return weights.grown(model, optimizer, new, RECIPE.dropout)


def _over(job: Job, spent_s: Callable[[], float]) -> Callable[[], bool]:
    """Whether training has to stop, so that the rest fits into the budget too."""
    # A budget shorter than the reserve still trains a little: the gate decides what that is worth.
    least = spent_s() + 0.2 * job.terms.budget_s
    end = max(job.terms.budget_s - RESERVE_S, least)
    return lambda: spent_s() >= end


def _extra(trained: Trained) -> dict[str, Any]:
    run = trained.progress
    return {
        "epochs": run.epochs, "best_epoch": run.best_epoch, "steps": run.steps,
        "loss": run.loss, "stopped": run.stopped, "validation_ndcg@10": run.best,
        "views": run.origins,
    }  # fmt: skip
