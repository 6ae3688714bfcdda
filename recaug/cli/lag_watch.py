"""`recaug lag --watch`: look after look; on a terminal in place, with the course of each lag."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import typer

from recaug.cli.columns import clock, spark
from recaug.cli.interrupts import interruptible
from recaug.cli.lag_look import Look
from recaug.cli.lag_write import lines, write
from recaug.cli.tables import TableFormat
from recaug.lag.courses import Courses


def drawn(look: Look, courses: Courses) -> list[str]:
    """Take in a look; return one line of columns a row, each to its own highest."""
    found = courses.note(look.rows)
    lags = [found[row.group, row.topic] for row in look.rows]
    return [spark(course, max(course)) for course in lags]


def follow(looks: Iterator[Look], by: str, form: TableFormat) -> None:
    """Print looks until Ctrl-C."""
    looks = interruptible(looks)
    if form in (TableFormat.JSON, TableFormat.JSONL):
        for look in looks:
            write(look, by, form)
    elif sys.stdout.isatty():
        _live(looks, by, form)
    else:
        courses = Courses()
        for look in looks:
            typer.echo(frame(look, by, form, drawn(look, courses)) + "\n")


def frame(look: Look, by: str, form: TableFormat, courses: list[str]) -> str:
    """One look as text."""
    title = f"{clock(look.at_ms)}Z  {look.verdict.value}   Ctrl-C to stop"
    return "\n".join([title, "", *lines(look, by, form is TableFormat.WIDE, courses)])


def _live(looks: Iterator[Look], by: str, form: TableFormat) -> None:
    from rich.console import Console
    from rich.live import Live
    from rich.text import Text

    courses = Courses()
    waiting = Text("looking at the broker twice …", "dim")
    with Live(waiting, console=Console(), screen=True, auto_refresh=False) as live:
        for look in looks:
            # Long lines go on in the next one, as in any terminal: verdict and hint are at the end.
            shown = Text.from_ansi(frame(look, by, form, drawn(look, courses)), overflow="fold")
            live.update(shown, refresh=True)
