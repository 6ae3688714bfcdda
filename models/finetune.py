"""One fine-tune: split the log by time, train, judge, and write a bundle if the judge agrees.

    job.json, buffer.npz ─► hold out the newest ─► train ─► gate ─► ONNX, parity ─► bundle

The bundle is written only for a winner; a loser leaves its figures in result.json.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from models import bundle, company, eviction, text_map, weights
from models.adam import AdamW
from models.augment import choice
from models.device import choose
from models.job import Job
from models.judge import judge
from models.parent import Parent
from models.recipes import Plan, plan_for
from models.sequence import SPREAD, SequenceModel
from models.split import Split, split
from models.text_rows import whitened
from models.train import Progress, scorer, train
from recaug import atomic
from recaug import evaluation as evaluate
from recaug.batch import FIRST_ROW, Int64
from recaug.registry import ModelRecord

#: Kept of the budget for the gate, the export and the bundle.
RESERVE_S = 5.0

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
    parent = Parent.of(job)
    known = parent.vocabulary if parent else []
    data = split(job.snapshot, known, terms.history, terms.item_capacity)
    plan = plan_for(data.source, data.log.known, terms.budget_s)
    chosen = choice.choose(job, parent.bundle if parent else None, plan.recipe.mix)
    plan = replace(plan, recipe=replace(plan.recipe, mix=chosen.mix))
    origin = None if terms.afresh else parent
    trained = _train(job, data, origin, plan, spent_s, say)
    say("gate", 0, 1, None)
    found = judge(job, data, trained.model, parent)
    say("gate", 1, 1, None)
    extra = _extra(trained, plan) | chosen.told(found.verdict.metrics)
    device = str(trained.device)
    record = bundle.record(job, data, found.verdict, extra, trained.seconds, device)
    if record.promoted:
        say("export", 0, 1, None)
        seen = eviction.last_seen(data.vocabulary, _seen(parent), job.snapshot)
        made = bundle.Made(trained.model, trained.optimizer, found.fusion, seen)
        record = bundle.write(job, data, record, made)
        say("export", 1, 1, None)
    atomic.write_bytes(job.directory / "result.json", record.model_dump_json(indent=1).encode())
    return record


def _train(
    job: Job, data: Split, parent: Parent | None, plan: Plan, spent_s: Callable[[], float],
    say: Say,
) -> Trained:  # fmt: skip
    began, device, recipe = time.monotonic(), choose(job.terms.device), plan.recipe
    model, optimizer = _start(job, data, parent, plan)
    text = whitened(data.vocabulary, job.vectors) if data.rows <= recipe.full_softmax else None
    optimizer = weights.with_texts(model, optimizer, text, fresh=parent is None)
    model.to(device)
    optimizer.to(device)
    before = parent.model()[0] if parent and recipe.terms.older else None
    optimizer = weights.with_terms(model, optimizer, recipe.terms, text, before)

    def validation() -> float:
        score = scorer(model, data.source)
        places = evaluate.ranks(score, data.source, data.validation, job.terms.history, data.rows)
        return float(evaluate.ndcg(places).mean()) if len(places) else 0.0

    progress = train(
        model, optimizer, data.log, recipe, recipe.warm_rate if parent else recipe.rate,
        validation, _over(job, spent_s),
        lambda step, steps, loss: say("train", step, steps, loss), job.terms.seed,
        job.terms.budget_s,
    )  # fmt: skip
    model.cpu()
    optimizer.to(torch.device("cpu"))
    weights.settled(model, optimizer)
    return Trained(model, optimizer, progress, device, time.monotonic() - began)


def _start(job: Job, data: Split, parent: Parent | None, plan: Plan) -> tuple[SequenceModel, AdamW]:
    """The parent with rows for the new items, where it reads as long a history; else a beginning.

    The parent's width stays, whatever the plan is by now: what begins from nothing takes the
    plan's, and the gate compares the two.
    """
    if parent is None or weights.shape_of(parent.bundle).history != job.terms.history:
        shape = replace(plan.shape, history=job.terms.history)
        model = SequenceModel(shape, data.rows)
        company.place(model, data.early, FIRST_ROW)
        return model, AdamW(model)
    model, optimizer = parent.model()
    rows = _new_rows(job, data, parent, model.encoder.shape.width)  # (M, d)
    model, optimizer = weights.grown(model, optimizer, rows)
    company.place(model, data.early, FIRST_ROW + data.inherited)
    return model, optimizer


def _new_rows(job: Job, data: Split, parent: Parent, width: int) -> Tensor:
    """(M, d): where the text says, as far as the parent can tell; noise elsewhere."""
    items = data.vocabulary[data.inherited :]
    rows = torch.randn(len(items), width) * SPREAD  # (M, d)
    if not parent.bundle.has(bundle.TEXT_MAP) or not items:
        return rows
    known = parent.bundle.array(bundle.TEXT_MAP)
    return torch.from_numpy(text_map.first_rows(items, job.vectors, known, rows.numpy()))


def _seen(parent: Parent | None) -> Int64:
    return np.zeros(0, np.int64) if parent is None else parent.seen_ms


def _over(job: Job, spent_s: Callable[[], float]) -> Callable[[], bool]:
    """Whether training has to stop, so that the rest fits into the budget too."""
    # A budget shorter than the reserve still trains a little: the gate decides what that is worth.
    least = spent_s() + 0.2 * job.terms.budget_s
    end = max(job.terms.budget_s - RESERVE_S, least)
    return lambda: spent_s() >= end


def _extra(trained: Trained, plan: Plan) -> dict[str, Any]:
    run = trained.progress
    return {
        "plan": plan.name,
        "epochs": run.epochs, "best_epoch": run.best_epoch, "steps": run.steps,
        "loss": run.loss, "stopped": run.stopped, "validation_ndcg@10": run.best,
        "views": run.origins,
    }  # fmt: skip
