"""Data sets with columns: CSV and its kin, RecBole's atomic files, Parquet, JSON lines of rows."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, islice, takewhile
from pathlib import Path
from typing import Any

from recaug.errors import Failure
from recaug.replay.columns import Columns, time_of
from recaug.replay.files import read_lines
from recaug.replay.happening import Happening, Tally, Unusable

Row = Mapping[str, Any]
#: Rows and the lines they begin on, from 1.
Rows = Iterator[tuple[int, Row]]

#: Lines looked at to learn what the columns of a file without a header hold.
PEEK = 50
_BATCH = 10_000
#: A cell over more lines than this began with a quotation mark that is nobody's end.
_MOST_LINES = 200


@dataclass(frozen=True, slots=True)
class Table:
    """`header` is None where the first line is data; then columns are called 1, 2, 3 …"""

    header: tuple[str, ...] | None
    names: tuple[str, ...]
    head: tuple[tuple[str, ...], ...]  # the first rows, header excluded
    rows: Rows


def text_table(path: Path, headed: bool | None = None) -> Table:
    """A delimited text file; a row too short lacks its last columns.

    :param headed: whether its first line names the columns; None: by its looks.

    :raises Failure: a quotation mark is never closed.
    """
    cells = _cells(path)
    first = next(cells, (1, []))
    header = tuple(first[1]) if headed or (headed is None and is_header(first[1])) else None
    if header is None:
        cells = chain([first], cells)
    head = list(islice(cells, PEEK))
    width = max((len(row) for _, row in (first, *head)), default=0)
    names = tuple(str(n) for n in range(1, width + 1)) if header is None else _unique(header)
    rows = ((n, dict(zip(names, row, strict=False))) for n, row in chain(head, cells))
    return Table(header, names, tuple(tuple(row) for _, row in head), rows)


def _cells(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Every row and the line it begins on; blank lines at the top are not there."""
    lines = read_lines(path)
    blank = list(takewhile(lambda line: not line.strip(), lines))
    first = next((line for line in read_lines(path) if line.strip()), "")
    delimiter = max("\t,;|", key=first.count)
    delimiter = delimiter if delimiter in first else " "
    # Tab-separated files do not quote: a title may begin with a quotation mark.
    quotes = None if delimiter == "\t" else '"'
    # With their ends again: a cell may go on over several lines.
    ended = (f"{line}\n" for line in chain([first], lines))
    # A blank more between words is no empty word.
    blanks = delimiter == " "
    reader = csv.reader(ended, delimiter=delimiter, quotechar=quotes, skipinitialspace=blanks)
    begin = 1
    while True:
        try:
            row = next(reader, None)
        except csv.Error as error:
            raise _unclosed(path, begin + len(blank)) from error
        if row is None:
            return
        if reader.line_num - begin > _MOST_LINES:
            raise _unclosed(path, begin + len(blank))
        yield begin + len(blank), row
        begin = reader.line_num + 1


def _unclosed(path: Path, number: int) -> Failure:
    return Failure(
        f"{path.name} cannot be read from line {number:,} on",
        "a cell begins with a quotation mark there, and never ends",
        f"close it, or double it where it belongs to the text: sed -n {number}p {path.name}",
    )


def _unique(header: Sequence[str]) -> tuple[str, ...]:
    """The header with a name that is there twice told apart: `id`, `id#3`."""
    return tuple(
        name if name not in header[:n] else f"{name}#{n + 1}" for n, name in enumerate(header)
    )


def parquet_table(path: Path) -> tuple[list[str], Iterator[Row]]:
    """Header and rows of a Parquet file.

    :raises Failure: pyarrow is not installed, or it is not whole.
    """
    try:
        from pyarrow import ArrowException
        from pyarrow.parquet import ParquetFile
    except ImportError as error:
        raise Failure(
            f"{path.name} cannot be opened",
            "Parquet needs pyarrow",
            "pip install 'recaug[parquet]'",
        ) from error
    try:
        file = ParquetFile(path)
    except (ArrowException, OSError) as error:
        raise Failure(f"{path.name} is no Parquet file", f"{error}", "write it again") from error
    batches = file.iter_batches(_BATCH)
    return list(file.schema_arrow.names), chain.from_iterable(b.to_pylist() for b in batches)


def happenings(rows: Rows, columns: Columns, tally: Tally) -> Iterator[Happening]:
    """Read `rows` in their order, counting each as used or unusable."""
    for number, row in rows:
        tally.lines += 1
        if not row:
            tally.refuse("blank", number)
            continue
        try:
            found = columns.happening(row, number)
        except Unusable as reason:
            tally.refuse(str(reason), number, reason.cell)
        else:
            tally.used += 1
            yield found


def is_header(cells: Sequence[str]) -> bool:
    """Whether a first line names columns rather than holding data."""
    return not any(_is_number(cell) or time_of(cell.strip()) for cell in cells)


def _is_number(cell: str) -> bool:
    return cell.strip().lstrip("-").replace(".", "", 1).isdigit()
