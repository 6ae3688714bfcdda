"""`recaug dlq`: what was refused, and why."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any

import orjson
import typer

from recaug.cli.connection import DataDirOption, KafkaOption, connect

if TYPE_CHECKING:
    from recaug.kafka import Record
    from recaug.settings import Settings

from recaug.cli.columns import Format, FormatOption, clock, paint

app = typer.Typer(no_args_is_help=True)

_HEADER = "__streams.errors."
EXCERPT = 300


@app.callback()
def dlq() -> None:
    """Show rejected events and why they were rejected.

    \b
      recaug dlq show
      recaug dlq show --reason bad_json -n 3 -f json
    """


@app.command()
def show(
    reason: Annotated[
        str | None, typer.Option("--reason", "-r", help="Only this one.", show_default=False)
    ] = None,
    number: Annotated[int, typer.Option("-n", min=1, help="How many, the newest.")] = 10,
    form: FormatOption = Format.TEXT,
    kafka: KafkaOption = None,
    data_dir: DataDirOption = None,
) -> None:
    """Show the newest rejected events: why, where from, and their bytes.

    Counts per reason go to stderr. JSON is one object a line; a value that is
    no text has its bytes replaced there.

    \b
      recaug dlq show
      recaug dlq show --reason bad_json -n 3 -f json
    """
    settings = connect(kafka, None, data_dir)
    counts: Counter[str] = Counter()
    newest = heapq.nlargest(
        number, _letters(settings, reason, counts), key=lambda one: one["at_ms"]
    )
    for letter in reversed(newest):
        typer.echo(orjson.dumps(letter) if form is Format.JSON else _text(letter))
    total = ", ".join(f"{name} {count:,}" for name, count in counts.most_common())
    typer.echo(f"{len(newest)} of {counts.total():,} dead letters  {total}".rstrip(), err=True)


def _letters(
    settings: Settings, reason: str | None, counts: Counter[str]
) -> Iterator[dict[str, Any]]:
    """Yield every letter kept, counting all and leaving out those of another reason."""
    from recaug.kafka import read

    for record in read(settings.broker, [settings.topics.dead_letters.name]):
        letter = to_letter(record)
        counts[letter["reason"]] += 1
        if reason in (None, letter["reason"]):
            yield letter


def to_letter(record: Record) -> dict[str, Any]:
    """Return a dead letter as JSON can hold it."""

    def header(name: str) -> str | None:
        value = record.header(_HEADER + name)
        return None if value is None else value.decode(errors="replace")

    return {
        "at_ms": record.timestamp_ms,
        "reason": header("exception") or "unknown",
        "message": header("message") or "",
        "topic": header("topic"),
        "partition": header("partition"),
        "offset": header("offset"),
        "cut": header("cut"),
        "key": None if record.key is None else record.key.decode(errors="replace"),
        "value": None if record.value is None else record.value.decode(errors="replace"),
    }


def _text(letter: dict[str, Any]) -> str:
    place = f"{letter['topic']} {letter['partition']}:{letter['offset']}"
    value = (letter["value"] or "").replace("\n", " ")
    cut = value if len(value) <= EXCERPT else value[:EXCERPT] + "…"
    missing = f"\n  not kept: {letter['cut']}" if letter["cut"] else ""
    return (
        f"{paint(clock(letter['at_ms']), 'dim')}  {paint(letter['reason'], 'bad')}  {place}  "
        f"key {letter['key']}\n  {letter['message']}\n  {paint(cut, 'dim')}{missing}"
    )
