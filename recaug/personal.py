"""The model's lists: histories in, ranked items with reasons out.

inputs        many questions as the arrays of one run of the model
lists         the rows it ranked as lists of items
"""

from __future__ import annotations

from collections.abc import Sequence, Set
from typing import Any

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
    recent = batch.items[:, -RECENT:]
    causes = evidence(scorer.table.vectors, scorer.centre, recent, rows)
    shown = (scores > SHOWN).sum(axis=1).tolist()
    answers = zip(shown, scores.tolist(), rows.tolist(), causes.tolist(), strict=True)
    return [
        [
            _line(scorer.table, index, score, row, cause, popular)
            for index, score, row, cause in zip(range(count), *answer, strict=False)
        ]
        for count, *answer in answers
    ]


def _line(
    table: ItemTable, index: int, score: float, row: int, cause: int, popular: Set[str]
) -> dict[str, Any]:
    item = table.ids[row]
    reasons: list[dict[str, str]] = []
    if cause:
        reasons.append({"code": "similar_to_recent_click", "item_id": table.ids[cause]})
    if not table.is_trained(row):
        reasons.append({"code": "new_item"})
    if item in popular:
        reasons.append({"code": "popular"})
    return {
        "item_id": item,
        "index": index,
        "score": round(score, 4),
        "retriever": "model",
        "reasons": reasons,
    }
