"""Each listed item's score by scorer, worked out again with the model that made the list."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from recaug.ask import Ask, ask
from recaug.batch import PAD_ROW, Int64
from recaug.live import Counts, Live
from recaug.matches import Words
from recaug.message import Request
from recaug.personal import inputs
from recaug.ranker import Ranker
from recaug.registry import Bundle
from recaug.score import Scorer
from recaug.settings import Settings
from recaug.told import Told, Votes


@dataclass(frozen=True, slots=True)
class Parts:
    """An item's score: the sum of the others, in the model's log-odds.

    Where no model ranked it, it is what the one scorer that speaks for it counted.
    """

    item_id: str
    listed: float
    model: float | None = None
    sessions: float | None = None
    popularity: float | None = None
    search: float | None = None
    new: float | None = None

    @property
    def total(self) -> float | None:
        """What the list would be ordered by today."""
        each = (self.model, self.sessions, self.popularity, self.search, self.new)
        known = [part for part in each if part is not None]
        return sum(known) if known else None


@dataclass(frozen=True, slots=True)
class Again:
    """The list worked out again.

    candidates  how many items spoke up, by scorer
    left_out    items that the user has had, or disliked
    listed      ids of the list as it would be now
    """

    parts: list[Parts]
    candidates: dict[str, int]
    left_out: int
    listed: list[str]


def load(bundle: Bundle, live: Live, settings: Settings) -> Scorer:
    """Return the model, knowing what the world knows of new and hidden items."""
    scorer = Scorer.load(bundle, settings)
    live.place(scorer, live.attach(scorer))
    if bundle.has("popularity.json"):
        counts = Counts.model_validate_json(bundle.read("popularity.json"))
        live.remember(counts.scores, counts.at_ms)
    return scorer


def again(
    settings: Settings,
    live: Live,
    scorer: Scorer | None,
    request: Request,
    words: Words | None,
    items: Sequence[dict[str, Any]],
    at_ms: int,
) -> Again:
    """Rank once more for a request; `items` are those that were listed then."""
    (matches,) = live.matches([words])
    one = ask(request, scorer, settings.history, words, matches)
    shelf = live.shelf(at_ms)
    ranker = Ranker(settings, live, time.perf_counter)
    (ranked,) = ranker.rank([one], scorer, shelf, [])
    candidates = {"popularity": len(shelf), "search": len(matches[0]) if matches else 0}
    votes = live.votes(one.items, one.user)
    rows = _unranked(items, votes, matches, shelf.popular)
    if scorer is not None and one.question is not None:
        said = ranker.said([one], scorer, shelf)
        candidates |= {"model": scorer.table.shown, "sessions": len(votes[0])}
        rows = _parts(one, scorer, said, rows, settings)
    listed = [item["item_id"] for item in ranked.items]
    return Again(rows, candidates, len(one.without), listed)


def _unranked(
    items: Sequence[dict[str, Any]],
    votes: Votes,
    matches: Votes | None,
    popular: Sequence[tuple[str, float]],
) -> list[Parts]:
    """The scores of items that no model ranked: votes, likeness or counts as they are."""
    said = {
        "sessions": dict(zip(votes[0], votes[1].tolist(), strict=True)),
        "search": dict(zip(matches[0], matches[1].tolist(), strict=True)) if matches else {},
        "popularity": dict(popular),
    }
    return [
        Parts(item["item_id"], item["score"], **{
            name: counts.get(item["item_id"])
            for name, counts in said.items()
            if name == item["retriever"]
        })
        for item in items
    ]  # fmt: skip


def _parts(
    one: Ask, scorer: Scorer, said: Told, listed: Sequence[Parts], settings: Settings
) -> list[Parts]:
    assert one.question is not None
    table = scorer.table
    batch, _ = inputs([one.question], settings.history)
    rows: Int64 = np.array([table.rows.get(p.item_id, PAD_ROW) for p in listed], np.int64)
    own = scorer.own(batch, rows)[0].tolist()
    searched = said.rows.shape[1] - said.matches
    spans = (0, said.neighbours), (said.neighbours, searched), (searched, said.rows.shape[1])
    sessions, popularity, search = (_gains(said, rows, *span) for span in spans)
    new = np.where(rows >= table.first_new, said.new[0], 0.0).tolist()
    columns = zip(listed, rows.tolist(), own, sessions, popularity, search, new, strict=True)
    return [
        Parts(part.item_id, part.listed, *values) if row != PAD_ROW else part
        for part, row, *values in columns
    ]


def _gains(said: Told, rows: Int64, first: int, last: int) -> list[float]:
    """What one scorer adds to each row."""
    same = said.rows[0, first:last] == rows[:, None]  # (N, M)
    found: list[float] = (same * said.gains[0, first:last]).sum(axis=1).tolist()
    return found
