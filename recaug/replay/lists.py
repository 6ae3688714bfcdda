"""Data sets without a header: `user item` pairs, `user item item …` histories, MovieLens `::`."""

from __future__ import annotations

from collections.abc import Iterator

from recaug.replay.columns import Columns
from recaug.replay.happening import Happening, Tally, make_event
from recaug.replay.tables import Row, happenings

#: The columns of MovieLens' `ratings.dat`.
RATINGS = ("user_id", "item_id", "rating", "timestamp")


def pairs(lines: Iterator[str], tally: Tally) -> Iterator[Happening]:
    """One `user item` a line; without times, so `at` is 0."""
    for number, text in enumerate(lines, 1):
        tally.lines += 1
        words = text.split()
        if len(words) != 2:
            tally.unusable["without a user and an item" if words else "blank"] += 1
            continue
        tally.used += 1
        yield Happening(0, number, make_event("click", words[0], words[1], {}))


def histories(lines: Iterator[str], tally: Tally) -> Iterator[Happening]:
    """A user and all its items a line, oldest first; without times, so `at` is 0."""
    number = 0
    for text in lines:
        tally.lines += 1
        user, *items = text.split() or [""]
        if not items:
            tally.unusable["without a user and an item" if user else "blank"] += 1
            continue
        tally.used += 1
        for item in items:
            number += 1
            yield Happening(0, number, make_event("click", user, item, {}))


def double_colons(lines: Iterator[str], columns: Columns, tally: Tally) -> Iterator[Happening]:
    """`user::item::rating::timestamp`."""
    rows: Iterator[Row] = (dict(zip(RATINGS, text.split("::"), strict=False)) for text in lines)
    return happenings(rows, columns, tally)
