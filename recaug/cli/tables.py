"""A table as a person or a program wants it: aligned, or one JSON object a row, or all in one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Annotated, Any

import orjson
import typer

from recaug.cli.columns import align, paint


class TableFormat(StrEnum):
    """How a table is written."""

    TEXT = "text"
    WIDE = "wide"
    JSON = "json"
    JSONL = "jsonl"


TableOption = Annotated[
    TableFormat,
    typer.Option("--format", "-f", help="wide: all columns; json: one array; jsonl: one a line."),
]


def show(
    form: TableFormat,
    rows: Sequence[Mapping[str, Any]],
    titles: Sequence[str],
    wide: Sequence[str] = (),
    right: Sequence[str] = (),
) -> None:
    """Print rows, whose keys are the lower-case titles; JSON has all of what is in them.

    :param wide: titles that are shown behind the others in the wide form only.
    :param right: titles of numbers.
    """
    if form is TableFormat.JSON:
        typer.echo(orjson.dumps(list(rows), option=orjson.OPT_INDENT_2))
    elif form is TableFormat.JSONL:
        for row in rows:
            typer.echo(orjson.dumps(row))
    elif rows:
        shown = [*titles, *(wide if form is TableFormat.WIDE else ())]
        cells = [[_cell(row[title.lower()]) for title in shown] for row in rows]
        title, *lines = align(shown, cells, right)
        typer.echo("\n".join([paint(title, "dim"), *lines]))


def _cell(value: Any) -> str:
    if value is None:
        return "-"
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)
