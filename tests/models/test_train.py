import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from models.adam import AdamW
from models.batches import Examples
from models.sequence import SequenceModel, Shape
from models.split import split
from models.train import Recipe, loss_of, scorer, train
from recaug import evaluation as evaluate
from tests.models.conftest import HISTORY, ITEMS, walks

SHAPE = Shape(width=16, history=HISTORY)


def example(rows: int) -> Examples:
    items = torch.randint(2, rows, (4, 6))
    wanted = torch.randint(2, rows, (4, 6))
    wanted[:, :2] = 0
    return Examples(
        items, torch.ones_like(items), torch.rand(4, 6), wanted, np.zeros(4, np.int8), np.arange(4)
    )


def test_knowing_nothing_costs_the_log_of_the_catalogue() -> None:
    model = SequenceModel(SHAPE, 22)
    with torch.no_grad():
        model.table[:] = 1.0  # every item alike
    loss = loss_of(model, example(22), Recipe(), torch.Generator())
    assert math.isclose(loss.item(), math.log(20), rel_tol=1e-4)


def test_sampling_estimates_the_full_softmax() -> None:
    shape = Shape(width=16, history=HISTORY, temperature=1.0)
    model, batch = SequenceModel(shape, 2_002), example(2_002)
    kept = Recipe(hidden=0.0)
    full = loss_of(model, batch, kept, torch.Generator()).item()
    sampled = Recipe(hidden=0.0, full_softmax=10, negatives=1_000)
    draws = [
        loss_of(model, batch, sampled, torch.Generator().manual_seed(seed)).item()
        for seed in range(20)
    ]
    assert abs(sum(draws) / len(draws) - full) < 0.03


@pytest.mark.parametrize("pooled", [False, True])
def test_learns_what_comes_next_and_keeps_the_best_epoch(pooled: bool) -> None:
    data = split(walks(60, 40, seed=1).snapshot(), [], HISTORY, 1_000)
    model = SequenceModel(replace(SHAPE, pooled=pooled), data.rows)
    optimizer = AdamW(model)
    seen: list[float] = []

    def judge(targets: evaluate.Targets) -> float:
        places = evaluate.ranks(
            scorer(model, data.source), data.source, targets, HISTORY, data.rows
        )
        return float(evaluate.hits(places, 1).mean())

    def validation() -> float:
        seen.append(judge(data.validation))
        return seen[-1]

    recipe = Recipe(rate=1e-2, epochs=12, batch=16)
    run = train(model, optimizer, data.log, recipe, 1e-2, validation, lambda: False,
                lambda *_: None, seed=0)  # fmt: skip
    assert seen[0] < 0.3
    assert judge(data.test) > 0.7  # 0.9 at best, one in ten being a jump
    assert run.best == max(seen)
    assert judge(data.validation) == run.best
    assert sum(run.origins.values()) > run.origins["observed"] > 0
    assert data.rows == ITEMS + 2


def test_stops_when_told_to() -> None:
    data = split(walks(20, 20, seed=2).snapshot(), [], HISTORY, 1_000)
    model = SequenceModel(SHAPE, data.rows)
    calls: list[int] = []

    def over() -> bool:
        calls.append(1)
        return len(calls) > 3

    run = train(model, AdamW(model), data.log, Recipe(), 1e-3, lambda: 0.0, over,
                lambda *_: None, seed=0)  # fmt: skip
    assert run.stopped == "budget"
    assert run.steps == 3
