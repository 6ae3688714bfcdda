"""What columns are by what they hold, where no name says it."""

from __future__ import annotations

import re
from collections.abc import Sequence

from recaug.replay.choice import Choice
from recaug.replay.columns import time_of

#: Seconds of 1995 to 2033, or milli- or microseconds of 2001 to 2033: other long numbers are ids,
#: ISBNs and barcodes.
_EPOCH = re.compile(r"([789]\d{8}|1\d{9})(\.\d+)?|1\d{12}|1\d{15}")
_DIGITS = re.compile(r"\d+(\.\d+)?")
#: The best anybody rates.
_MOST_STARS = 10.0

Rows = Sequence[Sequence[str]]


def guessed(rows: Rows) -> Choice | None:
    """Who, what, how much and when, as column numbers; None where that cannot be told.

    Users come before items everywhere, ratings after both; a time is a time wherever it is.
    """
    width = min((len(row) for row in rows if row), default=0)
    if width < 2:
        return None
    columns = [[row[n].strip() for row in rows if row] for n in range(width)]
    times = [n for n, cells in enumerate(columns) if all(map(_is_time, cells))]
    rest = [n for n in range(width) if n not in times[-1:]]
    rated = len(rest) > 2 and all(map(_is_rating, columns[rest[2]]))
    if len(rest) < 2 or not (times or rated or width == 2):
        return None
    roles = {"user": rest[0], "item": rest[1]}
    if rated:
        roles["rating"] = rest[2]
    if times:
        roles["time"] = times[-1]
    return Choice({role: str(n + 1) for role, n in roles.items()})


def time_column(names: Sequence[str], rows: Rows) -> int | None:
    """The first column that holds nothing but times; None where there is no such."""
    width = min((len(row) for row in rows if row), default=0)
    columns = ([row[n].strip() for row in rows if row] for n in range(min(width, len(names))))
    return next((n for n, cells in enumerate(columns) if all(map(_is_time, cells))), None)


def _is_time(cell: str) -> bool:
    if _DIGITS.fullmatch(cell) and len(cell) != len("20240105"):
        return _EPOCH.fullmatch(cell) is not None
    return time_of(cell) is not None


def _is_rating(cell: str) -> bool:
    try:
        return 0 <= float(cell) <= _MOST_STARS
    except ValueError:
        return False
