"""Data sets without a header: `user item` pairs, `user item item …` histories, MovieLens `::`."""

from __future__ import annotations

from collections.abc import Iterator

from recaug.replay.columns import Columns
from recaug.replay.happening import Happening, Tally, make_event
from recaug.replay.tables import Rows, happenings

#: The columns of MovieLens' `ratings.dat`.
RATINGS = ("user_id", "item_id", "rating", "timestamp")
_NOT_A_PAIR = "without a user and an item"


def pairs(lines: Iterator[str], tally: Tally) -> Iterator[Happening]:
    """One `user item` a line; without times, so `at` is 0."""
    for number, text in enumerate(lines, 1):
        tally.lines += 1
        words = text.split()
        if len(words) != 2:
            tally.refuse(_NOT_A_PAIR if words else "blank", number, text.strip())
            continue
        tally.used += 1
        yield Happening(0, number, make_event("click", words[0], words[1], {}))


def histories(lines: Iterator[str], tally: Tally) -> Iterator[Happening]:
    """A user and all its items a line, oldest first; without times, so `at` is 0."""
    number = 0
    for line, text in enumerate(lines, 1):
        tally.lines += 1
        user, *items = text.split() or [""]
        if not items:
            tally.refuse(_NOT_A_PAIR if user else "blank", line, text.strip())
            continue
        tally.used += 1
        for item in items:
            number += 1
            yield Happening(0, number, make_event("click", user, item, {}))


def double_colons(lines: Iterator[str], columns: Columns, tally: Tally) -> Iterator[Happening]:
    """`user::item::rating::timestamp`."""
    found: Rows = (
        (number, dict(zip(RATINGS, text.split("::"), strict=False)) if text.strip() else {})
        for number, text in enumerate(lines, 1)
    )
    return happenings(found, columns, tally)
