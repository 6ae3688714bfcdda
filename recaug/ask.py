"""What one request needs: the model's answer or a popular list, and what must not be in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from recaug.batch import UNKNOWN_ROW
from recaug.events import items_of, user_key
from recaug.history import History
from recaug.message import Request
from recaug.score import Scorer


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
    """A request understood: exactly one of `fallback` and `question` is None."""

    request: Request
    fallback: str | None
    question: Question | None

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


def ask(request: Request, scorer: Scorer | None, length: int) -> Ask:
    """Decide who answers; the module docstring of `recaug.recommend` has the order."""
    if not request.consent:
        return Ask(request, "consent", None)
    if request.history is None:
        return Ask(request, "state_unavailable", None)
    if scorer is None:
        return Ask(request, "popular", None)
    question = _question(request.event, request.history, scorer, length)
    return Ask(request, None if question else "no_history", question)


def _question(
    event: Mapping[str, Any], history: History, scorer: Scorer, length: int
) -> Question | None:
    """The newest `length` events; None where the model knows none of their items.

    From unknown items alone it would give everybody the same list: popularity does that better.
    """
    known = scorer.table.rows_of(history.items)
    rows = known[-length:]
    if rows.count(UNKNOWN_ROW) == len(rows):
        return None
    # The unknown row and a row twice do no harm in the filter.
    seen = [*known, *scorer.table.rows_of([*history.hidden, *items_of(event)])]
    kinds, times_ms = history.kinds[-length:], history.times_ms[-length:]
    return Question(rows, kinds, times_ms, seen, event["timestamp"])
