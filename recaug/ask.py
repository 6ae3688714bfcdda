"""What one request needs: the model's answer or a popular list, and what must not be in it.

What somebody did is used where they allow it. What they type into a search is the request itself,
and is answered to everybody.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from recaug.batch import UNKNOWN_ROW
from recaug.events import items_of, user_key
from recaug.history import History
from recaug.matches import Words
from recaug.message import Request
from recaug.score import Scorer
from recaug.told import Votes


@dataclass(frozen=True, slots=True)
class Question:
    """One user's newest events as rows of the item table, and the rows not to answer with."""

    rows: list[int]
    kinds: list[int]
    times_ms: list[int]
    seen: list[int]
    asked_ms: int


@dataclass(frozen=True, slots=True)
class Ask:
    """A request understood: `fallback` is why no model goes by its user's history, `question` is
    what one can answer. One of them at least is not None: both, for a search without a history.
    """

    request: Request
    fallback: str | None
    question: Question | None
    words: Words | None
    matches: Votes | None  # what is searched for

    @property
    def items(self) -> list[str]:
        """What the user did, oldest first; nothing where it may not be used."""
        history = self.request.history
        return [] if history is None or self.fallback == "consent" else history.items

    @property
    def user(self) -> str:
        return user_key(self.request.event)

    @property
    def without(self) -> set[str]:
        """Items that must not be in the list: what the user has seen or does not want."""
        event, history = self.request.event, self.request.history
        # Liked or not, the item of an event is no news to its user.
        target = [event["target_id"]] if event.get("target_type") == "item" else []
        if history is None or self.fallback == "consent":
            return {*items_of(event), *target}
        return {*items_of(event), *history.items, *history.hidden}


def ask(
    request: Request,
    scorer: Scorer | None,
    length: int,
    words: Words | None = None,
    matches: Votes | None = None,
) -> Ask:
    """Decide who answers; the module docstring of `recaug.recommend` has the order.

    `words` are those of a search, `matches` what it is for.
    """
    history = request.history if request.consent else None
    question = None
    if scorer is not None and (history is not None or matches is not None):
        question = _question(request.event, history or History(), scorer, length)
        if question.rows.count(UNKNOWN_ROW) == len(question.rows) and matches is None:
            # From unknown items alone it would give everybody the same list: popularity does that
            # better.
            question = None
    return Ask(request, _fallback(request, scorer, question), question, words, matches)


def _fallback(request: Request, scorer: Scorer | None, question: Question | None) -> str | None:
    if not request.consent:
        return "consent"
    if request.history is None:
        return "state_unavailable"
    if scorer is None:
        return "popular"
    return None if question else "no_history"


def _question(event: Mapping[str, Any], history: History, scorer: Scorer, length: int) -> Question:
    """The newest `length` events."""
    known = scorer.table.rows_of(history.items)
    # The unknown row and a row twice do no harm in the filter.
    seen = [*known, *scorer.table.rows_of([*history.hidden, *items_of(event)])]
    kinds, times_ms = history.kinds[-length:], history.times_ms[-length:]
    return Question(known[-length:], kinds, times_ms, seen, event["timestamp"])
