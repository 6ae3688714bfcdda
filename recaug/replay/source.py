"""Which format is this? Opens any data set that can be replayed, and says how it reads it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path

import orjson

from recaug.errors import Failure
from recaug.replay import lines, lists
from recaug.replay.columns import Columns
from recaug.replay.files import read_lines, suffix
from recaug.replay.happening import Happening, Tally
from recaug.replay.order import placed
from recaug.replay.periods import period_files, sessions
from recaug.replay.tables import happenings, is_header, parquet_table, text_table

#: Lines looked at to tell pairs from histories.
_PEEK = 50


@dataclass(slots=True)
class Source:
    """`happenings` is read once; `tally` is complete after that. `timed`: `at` is a real time."""

    path: Path
    form: str
    note: str
    tally: Tally
    timed: bool
    happenings: Iterator[Happening]


def open_source(path: Path) -> Source:
    """Open a data set, telling its format by its name and its first lines.

    :raises Failure: it is no format that can be replayed.
    """
    if path.is_dir():
        return _directory(path)
    if suffix(path) in (".parquet", ".pq"):
        return _table(path, "Parquet")
    first = next((line for line in read_lines(path) if line.strip()), "")
    if not first:
        raise Failure(f"{path} is empty", "there is nothing to replay", "name another file")
    if first.lstrip().startswith("{"):
        return _json(path, first)
    if "::" in first:
        return _ratings(path)
    if suffix(path) == ".inter" or any(c in first for c in "\t,;|"):
        return _table(path, "RecBole atomic file" if suffix(path) == ".inter" else "table")
    return _list(path)


def _table(path: Path, form: str) -> Source:
    header, rows = parquet_table(path) if form == "Parquet" else text_table(path)
    if form != "Parquet" and not is_header(header):
        raise Failure(
            f"{path.name} has no header",
            f"its first line is {', '.join(header)[:60]}: nothing says which column is what",
            "put a first line before it, e.g. user_id,item_id,timestamp",
        )
    columns = Columns.of(header, path.name)
    headers = 0 if form == "Parquet" else 1
    tally = Tally(lines=headers, headers=headers)
    found = happenings(rows, columns, tally, first=1 + headers)
    return _timed(path, form, columns, tally, found)


def _timed(
    path: Path, form: str, columns: Columns, tally: Tally, found: Iterator[Happening]
) -> Source:
    if columns.timed:
        return Source(path, form, columns.note(), tally, True, found)
    return _ordered(path, form, columns.note(), tally, found)


def _ordered(path: Path, form: str, note: str, tally: Tally, found: Iterator[Happening]) -> Source:
    by_user, rows = placed(found)
    how = "users side by side, each in its own order" if by_user else "in the order of the file"
    return Source(path, form, f"{note}; {how}", tally, False, rows)


def _json(path: Path, first: str) -> Source:
    tally = Tally()
    try:
        row = orjson.loads(first)
    except orjson.JSONDecodeError:
        row = {"event": ""}
    if lines.is_event(row):
        note = "events as they are"
        return Source(path, "JSON lines", note, tally, True, lines.events(read_lines(path), tally))
    columns = Columns.of(list(row), path.name)
    found = happenings(lines.rows(read_lines(path), tally), columns, tally)
    return _timed(path, "JSON lines", columns, tally, found)


def _ratings(path: Path) -> Source:
    columns, tally = Columns.of(lists.RATINGS, path.name), Tally()
    found = lists.double_colons(read_lines(path), columns, tally)
    return Source(path, "MovieLens ::", columns.note(), tally, True, found)


def _list(path: Path) -> Source:
    everything = read_lines(path)
    head = list(islice(everything, _PEEK))
    tally, rows = Tally(), chain(head, everything)
    words = [len(line.split()) for line in head if line.strip()]
    if set(words) == {2}:
        found = lists.pairs(rows, tally)
        return _ordered(path, "user item list", "every line a click", tally, found)
    if sum(count > 1 for count in words) <= len(words) / 2 or len(words) == 0:
        raise _unknown(path, next(line for line in head if line.strip()))
    found = lists.histories(rows, tally)
    return _ordered(path, "user and its items a line", "every item a click", tally, found)


def _directory(path: Path) -> Source:
    files, tally = period_files(path), Tally()
    note = f"{len(files)} periods of `session item` lines, in their order"
    return Source(path, "directory", note, tally, False, sessions(files, tally))


def _unknown(path: Path, first: str) -> Failure:
    return Failure(
        f"{path.name} is in no format that can be replayed",
        f"its first line is {first[:60]!r}",
        "give JSON lines, CSV, Parquet, RecBole .inter, MovieLens ::, or `user item` lines",
    )
