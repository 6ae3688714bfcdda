"""`recaug schema`: the contract as files, and events checked against it before they are sent."""

from __future__ import annotations

import sys
import time
from contextlib import nullcontext
from enum import StrEnum
from pathlib import Path
from typing import IO, Annotated

import orjson
import typer

from recaug.cli.columns import Format, FormatOption
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
    file: Annotated[
        Path, typer.Argument(help="JSON, or one JSON object a line; - is standard input.")
    ],
    kind: Annotated[Kind, typer.Option("--as", help="What the file holds.")] = Kind.EVENTS,
    form: FormatOption = Format.TEXT,
) -> None:
    """Check a file of events, items or users, as the clean service would.

    Prints `FILE:LINE reason: sentence` for each that would be refused; the
    sentence says what to send instead. JSON is one object a line, with the
    field. A file that is one JSON array, or documents over many lines, is read
    as such. Exit code: 0 none would be refused, 1 some, 2 the file is no JSON.

    \b
      recaug schema validate events.jsonl
      gunzip -c items.jsonl.gz | recaug schema validate - --as items
      recaug schema validate export.json -f json | jq -r .field | sort | uniq -c
    """
    from recaug.filecheck import check

    documents = refused = 0
    with _opened(file) as stream:
        for found in check(stream, kind.value, time.time_ns() // 1_000_000):
            documents += 1
            if found.reason:
                refused += 1
                shown = {"file": str(file), **found.as_json()}
                line = f"{file}:{found.line} {found.reason}: {found.message}"
                typer.echo(orjson.dumps(shown) if form is Format.JSON else line)
    typer.echo(f"{documents:,} lines, {refused:,} would be refused", err=True)
    raise typer.Exit(1 if refused else 0)


def _opened(file: Path) -> IO[bytes] | nullcontext[IO[bytes]]:
    if str(file) == "-":
        return nullcontext(sys.stdin.buffer)
    try:
        return file.open("rb")
    except OSError as error:
        why = str(error.strerror)
        raise Failure(f"cannot read {file}", why, f"ls {file.absolute().parent}") from None
