"""Writes one look of `recaug lag`, for a person or for a program."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

import orjson
import typer

from recaug.cli.columns import align, paint, span
from recaug.cli.lag_look import Look
from recaug.cli.lag_members import MEMBER_NUMBERS, MEMBER_TITLES, Reader, readers
from recaug.cli.tables import TableFormat
from recaug.lag import Part, Row, Verdict
from recaug.lag.causes import Cause, Hint
from recaug.lag.verdict import badness

TITLES = (
    "GROUP", "TOPIC", "PARTS", "LAG", "TIME-LAG", "IN/s", "OUT/s", "DRAIN-IN", "RETENTION",
)  # fmt: skip
WIDE = ("WORKERS", "IDLE", "HOT")
PART_TITLES = (
    "TOPIC", "PART", "COMMITTED", "END", "LAG", "TIME-LAG", "COMMIT-AGE", "MEMBER", "VERDICT",
)  # fmt: skip
PART_NUMBERS = PART_TITLES[1:7]

#: Partitions shown below the table where a service is behind.
WORST = 5

KINDS = ("good", "warn", "bad")


def write(look: Look, by: str, form: TableFormat) -> None:
    """Print a look to stdout."""
    if form is TableFormat.JSON:
        typer.echo(orjson.dumps(as_json(look, by)))
    elif form is TableFormat.JSONL:
        for row in _objects(look, by):
            typer.echo(orjson.dumps({"at": _at(look), **row}))
    else:
        typer.echo("\n".join(lines(look, by, form is TableFormat.WIDE)))


def as_json(look: Look, by: str) -> dict[str, Any]:
    """One object: when, the gravest verdict, the rows, the hints."""
    return {
        "at": _at(look),
        "verdict": look.verdict.value,
        "rows": list(_objects(look, by)),
        "hints": [hint.as_json() for hint in look.hints],
    }


def _at(look: Look) -> str:
    return f"{datetime.fromtimestamp(look.at_ms / 1000, UTC):%Y-%m-%dT%H:%M:%SZ}"


def _objects(look: Look, by: str) -> Iterator[dict[str, Any]]:
    if by == "member":
        yield from (reader.as_json() for reader in readers(look))
        return
    for row in look.rows:
        if by == "partition":
            named = {"group": row.group, "topic": row.topic}
            yield from ({**named, **part.as_json()} for part in row.parts)
        else:
            yield {**row.as_json(), "hints": [hint.cause.value for hint in look.of(row)]}


# -- for a person ---------------------------------------------------------------------------------


def lines(
    look: Look, by: str, wide: bool = False, courses: Sequence[str] | None = None
) -> list[str]:
    """Return table, worst partitions and hints.

    :param courses: how the lag of each row went, shown in a column of its own.
    """
    if by == "member":
        table = _members(readers(look))
    elif by == "partition":
        table = _parts([(row, part) for row in look.rows for part in row.parts])
    else:
        table = [*_rows(look.rows, wide, courses), *_worst(look, wide)]
    return [*table, "", *(line for hint in look.hints for line in _hint(hint))]


def _rows(rows: Sequence[Row], wide: bool, courses: Sequence[str] | None) -> list[str]:
    more = (*(("COURSE",) if courses is not None else ()), *(WIDE if wide else ()))
    drawn: list[list[str]] = (
        [[]] * len(rows) if courses is None else [[course] for course in courses]
    )
    cells = [
        [*_cells(row), *course, *(_more(row) if wide else ()), _verdict(row)]
        for row, course in zip(rows, drawn, strict=True)
    ]
    shown = (*TITLES, *more, "VERDICT")
    return _painted(align(shown, cells, (*TITLES[2:], *WIDE[:2])), [row.verdict for row in rows])


def _cells(row: Row) -> list[str]:
    return [
        row.group,
        row.topic,
        str(row.partitions),
        f"{row.lag:,}",
        span(row.time_lag_s) if row.lag else "-",
        f"{row.in_per_s:,.0f}",
        f"{row.out_per_s:,.0f}",
        span(row.drain_s),
        span(row.retention_s),
    ]


def _verdict(row: Row) -> str:
    return f"{row.verdict.value:<6} {row.words}"


def _more(row: Row) -> list[str]:
    hot = row.hot
    told = "-" if hot is None else f"{hot.partition} {hot.lag_share:.0%}"
    key = "" if hot is None or not hot.key else f" ({hot.key} {hot.key_share:.0%})"
    return [str(row.members), str(row.idle), told + key]


def _worst(look: Look, wide: bool) -> list[str]:
    """The partitions that are worst off, where any is: the table tells the rest."""
    found = [(row, part) for row in look.rows for part in row.parts if wide or part.is_behind]
    found.sort(key=_badness, reverse=True)
    if not found:
        return []
    return ["", paint("worst partitions", "dim"), *_parts(found[:WORST])]


def _badness(pair: tuple[Row, Part]) -> tuple[int, float, int]:
    part = pair[1]
    return badness(part.verdict, part.time_lag_s, part.position.lag)


def _parts(parts: Sequence[tuple[Row, Part]]) -> list[str]:
    cells = [_part(row, part) for row, part in parts]
    told = align(("GROUP", *PART_TITLES), cells, PART_NUMBERS)
    return _painted(told, [part.verdict for _, part in parts])


def _part(row: Row, part: Part) -> list[str]:
    at = part.position
    return [
        row.group,
        row.topic,
        str(part.partition),
        "-" if at.committed is None else f"{at.committed:,}",
        f"{at.end:,}",
        f"{at.lag:,}",
        span(part.time_lag_s) if at.lag else "-",
        span(part.commit_age_s),
        "-" if part.member is None else str(part.member),
        part.verdict.value,
    ]


def _members(found: Sequence[Reader]) -> list[str]:
    told = align(MEMBER_TITLES, [reader.cells() for reader in found], MEMBER_NUMBERS)
    return _painted(told, [reader.verdict for reader in found])


def _painted(table: Sequence[str], verdicts: Sequence[Verdict]) -> list[str]:
    """The table with its titles dim and bad rows coloured; the words say the same."""
    title, *rest = table
    return [
        paint(title, "dim"),
        *(
            paint(line, KINDS[verdict.severity]) if verdict.severity else line
            for line, verdict in zip(rest, verdicts, strict=True)
        ),
    ]


def _hint(hint: Hint) -> Iterator[str]:
    if hint.cause is Cause.FINE:
        yield f"hint  {hint.words}; {hint.answer}"
        return
    yield f"hint  {hint.service}: {hint.words}; {hint.answer}"
    yield paint(f"try   {hint.mend}   ({hint.page})", "dim")
