"""New items as they will be in service: placed by their text, among all that nobody has touched.

What came with the validation is new to it. Training had such items for wrong answers only, so what
they are worth in a list has to be judged without what it made of them; and beside them stand the
items of the catalogue that nobody has touched yet, or each would seem to take less room than it
does.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from models import text_map
from models.job import Job
from models.sequence import SequenceModel
from models.split import Split
from models.train import scorer
from recaug import evaluation as evaluate
from recaug.batch import FIRST_ROW, UNKNOWN_ROW
from recaug.evaluation import Bool
from recaug.table import NEWEST


@dataclass(frozen=True, slots=True)
class Newcomers:
    """A table of `len(new)` rows, those of the vocabulary and behind them untouched items."""

    new: Bool  # (N,)
    score: evaluate.Score  # log-odds (b, N), −inf for new items without a text


def newcomers(job: Job, data: Split, model: SequenceModel, known: Bool) -> Newcomers:
    """What is new to those who know the `known` (n,) events of a log."""
    table, late = model.unit().detach().numpy(), _late(data, known)  # (N, d), (N,)
    counts = np.where(late, 0, data.counts)[FIRST_ROW:]
    found = text_map.fit(data.vocabulary, table[FIRST_ROW:], counts, job.vectors)
    touched = set(data.vocabulary)
    others = [item for item in job.vectors if item not in touched] if found is not None else []
    names = ["", "", *data.vocabulary, *others[-NEWEST:]]
    new = np.append(late, np.ones(len(names) - len(late), np.bool_))
    rows = np.zeros((len(names), table.shape[1]), np.float32)
    rows[: len(table)], told = table, np.zeros(len(names), np.bool_)
    if found is not None:
        for row in np.flatnonzero(new):
            vector = job.vectors.get(names[row])
            if vector is not None and len(vector) == len(found):
                rows[row], told[row] = vector @ found, True
    # Scores compare lengths: a guess may be shorter than what was learned, never longer.
    rows /= np.maximum(1.0, np.linalg.norm(rows, axis=1, keepdims=True))
    rows[new & ~told] = rows[UNKNOWN_ROW]
    own, heat = scorer(model, data.source, torch.from_numpy(rows)), model.encoder.shape.temperature

    def score(part: evaluate.Targets) -> evaluate.Scores:
        scores = own(part) / heat
        scores[:, new & ~told] = -np.inf
        return scores

    return Newcomers(new, score)


def _late(data: Split, known: Bool) -> Bool:
    """Rows (N,) that came with what validates, the parent's not among them."""
    touched = np.zeros(data.rows, np.bool_)
    touched[data.source.rows[known]] = True
    touched[: FIRST_ROW + data.inherited] = True
    return ~touched
