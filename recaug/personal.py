"""The model's lists: histories in, ranked items with reasons out.

inputs        many questions as the arrays of one run of the model
lists         the rows it ranked as lists of items
alone         what neighbours say where it cannot
"""

from __future__ import annotations

from collections.abc import Callable, Container, Sequence, Set
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recaug.ask import Question
from recaug.batch import Batch, Int64, build, pad
from recaug.reasons import RECENT, evidence
from recaug.score import SHOWN, Fused, Scorer
from recaug.table import ItemTable
from recaug.told import Told, Votes

#: The scorer that an item would not be in the list without, the first that applies.
RETRIEVERS = ("model", "sessions", "popularity")
NEIGHBOURS = RETRIEVERS[1]


def inputs(questions: Sequence[Question], length: int) -> tuple[Batch, Int64]:
    """The batch (B, L) and the rows to leave out (B, S) of several questions."""
    histories = [(q.rows, q.kinds, q.times_ms) for q in questions]
    batch = build(histories, [q.asked_ms for q in questions], length)
    return batch, pad([q.seen for q in questions])


def lists(
    scorer: Scorer, batch: Batch, best: Fused, said: Told, popular: Set[str]
) -> list[list[dict[str, Any]]]:
    """Ranked rows (B, k) as items in the form of the message; masked rows are left out."""
    table, (scores, rows, own) = scorer.table, best
    causes = evidence(table.vectors, scorer.centre, batch.items[:, -RECENT:], rows)
    shown = (scores > SHOWN).sum(axis=1)
    exact = scores.astype(np.float64).round(4)
    found = _found(rows, own, said)
    answers = zip(*(part.tolist() for part in (shown, exact, rows, causes, found)), strict=True)
    return [
        [
            _line(table, popular, *item)
            for item in zip(range(count), *answer, strict=False)  # rows past `count` are masked
        ]
        for count, *answer in answers
    ]


def alone(
    votes: Votes,
    hides: Callable[[str], bool],
    without: Container[str],
    k: int,
    popular: Container[str],
) -> list[dict[str, Any]]:
    """The best `k` of what neighbours say, where no model does."""
    pairs = zip(votes[0], votes[1].tolist(), strict=True)
    left = (pair for pair in pairs if pair[0] not in without and not hides(pair[0]))
    return [
        {"item_id": item, "index": index, "score": round(score, 4), "retriever": NEIGHBOURS,
         "reasons": [{"code": "popular"}] if item in popular else []}
        for index, (item, score) in enumerate(islice(left, k))
    ]  # fmt: skip


def _found(rows: Int64, own: NDArray[np.bool_], said: Told) -> NDArray[np.int64]:
    """Which of `RETRIEVERS` is why each row is in its list, (B, k)."""
    spoken = said.rows[:, None, : said.neighbours]
    theirs = (rows[:, :, None] == spoken).any(axis=2)
    return np.where(own, 0, np.where(theirs, 1, 2))


def _line(
    table: ItemTable, popular: Set[str], index: int, score: float, row: int, cause: int, found: int
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
        "retriever": RETRIEVERS[found],
        "reasons": reasons,
    }
