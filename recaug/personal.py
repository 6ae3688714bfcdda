"""The model's lists: histories in, ranked items with reasons out.

inputs        many questions as the arrays of one run of the model
lists         the rows it ranked as lists of items
"""

from __future__ import annotations

from collections.abc import Sequence, Set
from typing import Any

import numpy as np

from recaug.ask import Question
from recaug.batch import Batch, Float32, Int64, build, pad
from recaug.reasons import RECENT, evidence
from recaug.score import SHOWN, Scorer
from recaug.table import ItemTable


def inputs(questions: Sequence[Question], length: int) -> tuple[Batch, Int64]:
    """The batch (B, L) and the rows to leave out (B, S) of several questions."""
    histories = [(q.rows, q.kinds, q.times_ms) for q in questions]
    batch = build(histories, [q.asked_ms for q in questions], length)
    return batch, pad([q.seen for q in questions])


def lists(
    scorer: Scorer, batch: Batch, scores: Float32, rows: Int64, popular: Set[str]
) -> list[list[dict[str, Any]]]:
    """Ranked rows (B, k) as items in the form of the message; masked rows are left out."""
    table = scorer.table
    causes = evidence(table.vectors, scorer.centre, batch.items[:, -RECENT:], rows)
    shown = (scores > SHOWN).sum(axis=1)
    exact = scores.astype(np.float64).round(4)
    answers = zip(shown.tolist(), exact.tolist(), rows.tolist(), causes.tolist(), strict=True)
    return [
        [
            _line(table, popular, *item)
            for item in zip(range(count), *answer, strict=False)  # rows past `count` are masked
        ]
        for count, *answer in answers
    ]


def _line(
    table: ItemTable, popular: Set[str], index: int, score: float, row: int, cause: int
) -> dict[str, Any]:
    item = table.ids[row]
    reasons: list[dict[str, str]] = []
    if cause:
        reasons.append({"code": "similar_to_recent_click", "item_id": table.ids[cause]})
    if row >= table.trained:
        reasons.append({"code": "new_item"})
    if item in popular:
        reasons.append({"code": "popular"})
    return {
        "item_id": item,
        "index": index,
        "score": score,
        "retriever": "model",
        "reasons": reasons,
    }
