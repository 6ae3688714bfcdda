"""Aligned columns and plain words for the terminal, the same whether anybody looks or a pipe."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated

import typer


class Format(StrEnum):
    """How a command writes what it found."""

    TEXT = "text"
    JSON = "json"


FormatOption = Annotated[Format, typer.Option("--format", "-f", help="How to write it.")]

_UNITS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}
_BLOCKS = "▁▂▃▄▅▆▇█"
_COLOURS = {"good": "32", "warn": "33", "bad": "31", "dim": "2"}


def align(
    titles: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[str] = ()
) -> list[str]:
    """Return one line per row under a line of titles; columns named in `right` are numbers.

    >>> align(["NAME", "N"], [["a", "10"], ["bcdef", "9"]], right=["N"])
    ['NAME    N', 'a      10', 'bcdef   9']
    """
    lines = [list(titles), *map(list, rows)]
    widths = [max(len(line[i]) for line in lines) for i in range(len(titles))]
    return [
        "  ".join(
            cell.rjust(width) if title in right else cell.ljust(width)
            for cell, width, title in zip(line, widths, titles, strict=True)
        ).rstrip()
        for line in lines
    ]


def coloured() -> bool:
    """Whether stdout is a terminal that wants colour (https://no-color.org)."""
    return sys.stdout.isatty() and "NO_COLOR" not in os.environ


def paint(text: str, kind: str) -> str:
    """Return `text` in the colour of good, warn, bad or dim; the words carry the meaning."""
    code = _COLOURS.get(kind)
    return f"\x1b[{code}m{text}\x1b[0m" if code and coloured() else text


def span(seconds: float | None) -> str:
    """Return a duration as people say it: 0.3s, 42s, 3m, 2h, 7d.

    >>> span(0.34), span(42.4), span(200.0), span(9000.0), span(604800.0), span(None)
    ('0.3s', '42s', '3m', '2.5h', '7.0d', '-')
    """
    if seconds is None:
        return "-"
    if seconds == float("inf"):
        return "never"
    if seconds < 10:
        return f"{seconds:.1f}s"
    if seconds < 120:
        return f"{seconds:.0f}s"
    if seconds < 7_200:
        return f"{seconds / 60:.0f}m"
    return f"{seconds / 3600:.1f}h" if seconds < 172_800 else f"{seconds / 86_400:.1f}d"


def spark(values: Sequence[float], top: float) -> str:
    """A column for each value between 0 and `top`.

    >>> spark([0.0, 0.5, 1.0], 1.0)
    '▁▅█'
    """
    levels = (round(value / top * (len(_BLOCKS) - 1)) if top else 0 for value in values)
    return "".join(_BLOCKS[level] for level in levels)


def seconds(text: str) -> float:
    """Return a duration in seconds.

    >>> seconds("5m"), seconds("90"), seconds("1.5h")
    (300.0, 90.0, 5400.0)
    """
    found = re.fullmatch(r"(\d+(?:\.\d+)?)([smhd]?)", text.strip())
    if found is None:
        raise ValueError(f"{text!r} is no duration: write 90, 90s, 5m, 2h or 1d")
    return float(found[1]) * _UNITS[found[2] or "s"]


def clock(at_ms: int) -> str:
    """Return the time of day in UTC, as every command writes it."""
    return f"{datetime.fromtimestamp(at_ms / 1000, UTC):%H:%M:%S}"
