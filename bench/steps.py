"""`python -m bench.steps LOG JSON`: our side of the train bench, in a process of its own."""

from __future__ import annotations

import gzip
import json
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch

from models.adam import AdamW
from models.batches import Log, batches, cut, followers
from models.sequence import SequenceModel, Shape
from models.train import Recipe, step
from recaug.batch import FIRST_ROW, Int64, sequences

#: Taken before the clock starts.
WARM = 3


def main(path: Path, told: dict[str, Any]) -> None:
    torch.set_num_threads(1)
    torch.manual_seed(0)
    recipe = Recipe(dropout=told["dropout"])
    size = told["width"], told["blocks"], told["heads"], told["length"]
    shape = Shape(*size, pooled=True)
    log = _log(path)
    model = SequenceModel(shape, int(log.source.rows.max()) + 1)
    model.encoder.drop(recipe.dropout, recipe.stray)
    events, cpu_s = _train(model, log, recipe, told["budget_s"])
    sys.stdout.write(json.dumps({"events": events, "cpu_s": cpu_s}) + "\n")


def _train(model: SequenceModel, log: Log, recipe: Recipe, budget_s: float) -> tuple[int, float]:
    """The loop of `models.train.train` without its validation; counts what was asked."""
    optimizer, rng = AdamW(model), np.random.default_rng(0)
    generator, length = torch.Generator().manual_seed(0), model.encoder.shape.history
    similar = followers(log, length, len(model.table))
    epochs = iter(lambda: cut(log, length, rng), None)
    steps = (b for rows in epochs for b in batches(rows, similar, recipe.mix, recipe.batch, rng))
    events, began = 0, time.process_time()
    for number, batch in enumerate(steps):
        if number == WARM:
            events, began = 0, time.process_time()
        step(model, optimizer, batch, recipe, recipe.rate, generator)
        events += int(batch.wanted.ge(FIRST_ROW).sum())
        if number > WARM and time.process_time() - began >= budget_s:
            break
    return events, time.process_time() - began


def _log(path: Path) -> Log:
    """All ratings, in order of time; every one is known and asked."""
    with gzip.open(path, "rt") as file:
        table: Int64 = np.loadtxt(file, np.int64, skiprows=1, usecols=(0, 1, 3))  # (n, 3)
    _, users = np.unique(table[:, 0], return_inverse=True)
    _, items = np.unique(table[:, 1], return_inverse=True)
    kinds, every = np.ones(len(table), np.int64), np.ones(len(table), np.bool_)
    return Log(sequences(users, items + FIRST_ROW, kinds, table[:, 2] * 1000), every, every)


if __name__ == "__main__":
    main(Path(sys.argv[1]), json.loads(sys.argv[2]))
