"""Data sets with columns: CSV and its kin, RecBole's atomic files, Parquet, JSON lines of rows."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

from recaug.errors import Failure
from recaug.replay.columns import Columns
from recaug.replay.files import read_lines
from recaug.replay.happening import Happening, Tally, Unusable

Row = Mapping[str, Any]

_BATCH = 10_000


def text_table(path: Path) -> tuple[list[str], Iterator[Row]]:
    """Header and rows of a delimited text file; a row too short lacks its last columns."""
    lines = read_lines(path)
    first = next(lines, "")
    delimiter = max("\t,;|", key=first.count)
    header = next(csv.reader([first], delimiter=delimiter))
    # Tab-separated files do not quote: a title may begin with a quotation mark.
    quoted = delimiter != "\t"
    rows = csv.reader(
        lines, delimiter=delimiter, quoting=csv.QUOTE_MINIMAL if quoted else csv.QUOTE_NONE
    )
    return header, (dict(zip(header, cells, strict=False)) for cells in rows)


def parquet_table(path: Path) -> tuple[list[str], Iterator[Row]]:
    """Header and rows of a Parquet file.

    :raises Failure: pyarrow is not installed.
    """
    try:
        from pyarrow.parquet import ParquetFile
    except ImportError as error:
        raise Failure(
            f"{path.name} cannot be opened",
            "Parquet needs pyarrow",
            "pip install 'recaug[parquet]'",
        ) from error
    file = ParquetFile(path)
    batches = file.iter_batches(_BATCH)
    return list(file.schema_arrow.names), chain.from_iterable(b.to_pylist() for b in batches)


def happenings(
    rows: Iterator[Row], columns: Columns, tally: Tally, first: int = 1
) -> Iterator[Happening]:
    """Read `rows` in their order, counting each as used or unusable."""
    for number, row in enumerate(rows, first):
        tally.lines += 1
        try:
            found = columns.happening(row, number)
        except Unusable as reason:
            tally.unusable[str(reason)] += 1
        else:
            tally.used += 1
            yield found


def is_header(cells: Sequence[str]) -> bool:
    """Whether a first line names columns rather than holding data."""
    return not any(_is_number(cell) for cell in cells)


def _is_number(cell: str) -> bool:
    return cell.strip().lstrip("-").replace(".", "", 1).isdigit()
