"""`recaug schema`: the contract as files, and events checked against it before they are sent."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import nullcontext
from enum import StrEnum
from pathlib import Path
from typing import IO, Annotated

import typer

from recaug.errors import Failure

app = typer.Typer(
    no_args_is_help=True,
    help="""Export JSON Schema and AsyncAPI, and check events against them.

\b
  recaug schema export
  recaug schema validate events.jsonl
""",
)


class Kind(StrEnum):
    """What a file holds."""

    EVENTS = "events"
    ITEMS = "items"
    USERS = "users"


@app.command()
def export(
    out: Annotated[Path, typer.Option(help="Root to write below.")] = Path(),
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; fail if a file is out of date.")
    ] = False,
) -> None:
    """Write schemas/v1/*.json, asyncapi.yaml and docs/reference/events.md.

    \b
      recaug schema export
      recaug schema export --out /tmp/contract
    """
    from recaug.events import schema

    if not check:
        for path in schema.export(out):
            typer.echo(path)
        return
    if stale := schema.stale(out):
        raise Failure(
            f"{len(stale)} files are out of date",
            f"the models say something else than {', '.join(map(str, stale))}",
            f"recaug schema export --out {out}",
        )


@app.command()
def validate(
    file: Annotated[Path, typer.Argument(help="One JSON object a line; - is standard input.")],
    kind: Annotated[Kind, typer.Option("--as", help="What the file holds.")] = Kind.EVENTS,
) -> None:
    """Check a file of events, items or users, as the clean service would.

    Prints `FILE:LINE reason: sentence` for every line that would be refused. Exits 0 if there is
    none, else 1.

    \b
      recaug schema validate events.jsonl
      gunzip -c items.jsonl.gz | recaug schema validate - --as items
    """
    lines = refused = 0
    with _opened(file) as stream:
        for found in _check(stream, kind, time.time_ns() // 1_000_000):
            lines += 1
            if found:
                refused += 1
                typer.echo(f"{file}:{lines} {found}")
    typer.echo(f"{lines:,} lines, {refused:,} would be refused", err=True)
    raise typer.Exit(1 if refused else 0)


def _opened(file: Path) -> IO[bytes] | nullcontext[IO[bytes]]:
    if str(file) == "-":
        return nullcontext(sys.stdin.buffer)
    try:
        return file.open("rb")
    except OSError as error:
        raise Failure(f"cannot read {file}", str(error.strerror), "ls the file's folder") from None


def _check(stream: IO[bytes], kind: Kind, now_ms: int) -> Iterator[str]:
    """What is wrong with each line, empty if nothing."""
    from recaug.events import Rejection, parse_event, parse_item, parse_user

    parse = {Kind.EVENTS: parse_event, Kind.ITEMS: parse_item, Kind.USERS: parse_user}[kind]
    for line in stream:
        try:
            parse(line.rstrip(b"\r\n"), (), now_ms)
        except Rejection as rejection:
            yield str(rejection)
        else:
            yield ""
