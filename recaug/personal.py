"""The model's lists: histories in, ranked items with reasons out.

inputs        many questions as the arrays of one run of the model
lists         the rows it ranked as lists of items
alone         what one other scorer says where it cannot
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

Bool = NDArray[np.bool_]

#: The scorer that an item would not be in the list without, the first that applies.
RETRIEVERS = ("model", "sessions", "search", "popularity")
NEIGHBOURS, SEARCH = RETRIEVERS[1:3]


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
    searched = _among(rows, said.rows[:, said.rows.shape[1] - said.matches :])
    found = _found(rows, own, searched, said)
    parts = (shown, exact, rows, causes, searched, found)
    answers = zip(*(part.tolist() for part in parts), strict=True)
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
    retriever: str,
) -> list[dict[str, Any]]:
    """The best `k` of what neighbours say or a search is for, where no model ranks them."""
    pairs = zip(votes[0], votes[1].tolist(), strict=True)
    left = (pair for pair in pairs if pair[0] not in without and not hides(pair[0]))
    matching = [{"code": "matches_search"}] if retriever == SEARCH else []
    return [
        {"item_id": item, "index": index, "score": round(score, 4), "retriever": retriever,
         "reasons": matching + ([{"code": "popular"}] if item in popular else [])}
        for index, (item, score) in enumerate(islice(left, k))
    ]  # fmt: skip


def _found(rows: Int64, own: Bool, searched: Bool, said: Told) -> Int64:
    """Which of `RETRIEVERS` is why each row is in its list, (B, k)."""
    theirs = _among(rows, said.rows[:, : said.neighbours])
    return np.select([own, theirs, searched], [0, 1, 2], 3)


def _among(rows: Int64, spoken: Int64) -> Bool:
    """Which of the rows (B, k) are among those spoken for (B, M)."""
    found: Bool = (rows[:, :, None] == spoken[:, None, :]).any(axis=2)
    return found


def _line(
    table: ItemTable,
    popular: Set[str],
    index: int,
    score: float,
    row: int,
    cause: int,
    searched: bool,
    found: int,
) -> dict[str, Any]:
    item = table.ids[row]
    reasons: list[dict[str, str]] = []
    if searched:
        reasons.append({"code": "matches_search"})
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
