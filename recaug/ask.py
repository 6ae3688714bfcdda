"""What one request needs: the model's answer or a popular list, and what must not be in it."""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass
from typing import Any

from recaug.batch import UNKNOWN_ROW
from recaug.events import items_of
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

    fallback: str | None
    without: set[str]
    question: Question | None


def ask(request: Request, scorer: Scorer | None, length: int) -> Ask:
    """Decide who answers; the module docstring of `recaug.recommend` has the order."""
    if not request.consent:
        return Ask("consent", _about(request.event), None)
    if request.history is None:
        return Ask("state_unavailable", _about(request.event), None)
    history = request.history
    without = {*history.items, *history.hidden, *items_of(request.event)}
    if scorer is None:
        return Ask("popular", without, None)
    question = _question(scorer, history, without, request.event["timestamp"], length)
    return Ask(None if question else "no_history", without, question)


def _question(
    scorer: Scorer, history: History, without: Set[str], asked_ms: int, length: int
) -> Question | None:
    """The newest `length` events; None where the model knows none of their items.

    From unknown items alone it would give everybody the same list: popularity does that better.
    """
    rows = scorer.table.rows_of(history.items[-length:])
    if all(row == UNKNOWN_ROW for row in rows):
        return None
    get = scorer.table.rows.get
    seen = [row for row in map(get, without) if row is not None]
    return Question(rows, history.kinds[-length:], history.times_ms[-length:], seen, asked_ms)


def _about(event: Mapping[str, Any]) -> set[str]:
    """The items of an event, liked or not: they are no news to the user."""
    target = [event["target_id"]] if event.get("target_type") == "item" else []
    return {*items_of(event), *target}
