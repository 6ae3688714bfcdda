"""The rows as a page for people."""

from __future__ import annotations

from collections.abc import Iterable

from tests.hostile.catalogue import ROWS
from tests.hostile.row import Row

PATH = "docs/reference/hostile-input.md"

_HEAD = """\
<!-- Written by `python -m tests.hostile` from the rows in tests/hostile; do not edit. -->

# Hostile input

What becomes of every kind of input that no producer should send and some do. Nothing raises, ends
a service, blocks the records behind it or adds a label to a metric: each record ends accepted, as a
duplicate, or in `recaug.dead-letters` with one of a
[closed list of reasons](events.md#dead-letters).

Each row is a test: through the cleaner by itself, and all of them mixed into good traffic through
the service on a real broker. *Suggested* is what a careful design would do without knowing our
events; *why* says why ours differs where it does.

"""

_BAR = "&#124;"


def page() -> str:
    """`docs/reference/hostile-input.md`."""
    lines = ["| # | input | suggested | outcome | why |", "|---|---|---|---|---|"]
    return _HEAD + "\n".join([*lines, *map(_line, ROWS), ""])


def _line(row: Row) -> str:
    cells = [str(row.number), row.what, row.suggested, _outcomes(row), row.why]
    return f"| {' | '.join(cell.replace('|', _BAR) for cell in cells)} |"


def _outcomes(row: Row) -> str:
    """Each outcome with the cases that have it."""
    found: dict[str, list[str]] = {}
    for case in row.cases:
        found.setdefault(f"`{case.outcome}`", []).append(case.name)
    if len(found) <= 1:
        told: Iterable[str] = found
    else:
        told = (f"{outcome}: {', '.join(map(_code, names))}" for outcome, names in found.items())
    see = [f"see `{row.test}`"] if row.test else []
    return "<br>".join([*told, *see])


def _code(name: str) -> str:
    return f"`{name}`" if name.startswith(("<", "java", "[", "{")) else name
