"""`recaug tail`: recommendations as they are made."""

from __future__ import annotations

import time
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import orjson
import typer

from recaug.cli.columns import seconds
from recaug.cli.connection import DataDirOption, KafkaOption, connect

if TYPE_CHECKING:
    from recaug.kafka import Record


class Lines(StrEnum):
    """How each recommendation is written."""

    TEXT = "text"
    JSONL = "jsonl"


def tail(
    user: Annotated[
        str | None, typer.Option("--user", "-u", help="Only this user's.", show_default=False)
    ] = None,
    since: Annotated[
        str | None,
        typer.Option(
            "--since", metavar="TIME", help="Begin so long ago: 90s, 5m, 2h.", show_default=False
        ),
    ] = None,
    number: Annotated[
        int | None,
        typer.Option("-n", min=1, help="Stop after so many. Default: Ctrl-C.", show_default=False),
    ] = None,
    form: Annotated[Lines, typer.Option("--format", "-f", help="How to write each.")] = Lines.TEXT,
    kafka: KafkaOption = None,
    data_dir: DataDirOption = None,
) -> None:
    """Show recommendations as they are made.

    Joins no consumer group: looking changes nothing.

    \b
      recaug tail --user you
      recaug tail --since 5m -f jsonl | jq .model.version
    """
    from recaug.follow import Follower

    try:
        since_ms = None if since is None else int((time.time() - seconds(since)) * 1_000)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--since") from error
    settings = connect(kafka, None, data_dir)
    wanted = None if user is None else user.encode()
    left = number
    with Follower(settings.broker, [settings.topics.recommendations.name], since_ms) as follower:
        for record in follower.records():
            if wanted is not None and record.key != wanted:
                continue
            _write(record, form)
            left = None if left is None else left - 1
            if left == 0:
                return


def _write(record: Record, form: Lines) -> None:
    from recaug.cli.answer import line

    if form is Lines.JSONL:
        typer.echo(record.value or b"null")
        return
    try:
        answer = orjson.loads(record.value or b"null")
    except orjson.JSONDecodeError:
        answer = None
    user = (record.key or b"-").decode(errors="replace")
    if isinstance(answer, dict):
        typer.echo(line(answer, user, record.timestamp_ms))
    else:
        place = f"{record.topic} {record.partition}:{record.offset}"
        typer.echo(f"{place} holds no recommendation", err=True)
