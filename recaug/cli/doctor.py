"""`recaug doctor`: check everything an installation stands on; each finding says how to mend it."""

from __future__ import annotations

from typing import Annotated

import orjson
import typer

from recaug.cli.columns import Format, FormatOption, paint
from recaug.cli.connection import DataDirOption, KafkaOption, RedisOption, connect


def doctor(
    form: FormatOption = Format.TEXT,
    kafka: KafkaOption = None,
    redis: RedisOption = None,
    data_dir: DataDirOption = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Only what is wrong.")] = False,
) -> None:
    """Check broker, topics, producers, clocks, store, models, GPU, disk and versions.

    Changes nothing. Each finding says what to type to mend it. Exit code: 0
    all well, 1 something to look at, 2 something is broken.

    \b
      recaug doctor
      recaug doctor -f json --kafka broker:9092 --redis redis://store:6379
    """
    from recaug.checkup import Level, examine

    findings = list(examine(connect(kafka, redis, data_dir)))
    gravest = max((finding.level for finding in findings), default=Level.OK)
    for finding in findings:
        if quiet and finding.level is Level.OK:
            continue
        if form is Format.JSON:
            typer.echo(orjson.dumps(finding.as_json()))
            continue
        mark, kind = _MARKS[finding.level.name]
        typer.echo(f"{paint(mark, kind)} {finding.about:<10}  {finding.words}")
        if finding.mend:
            typer.echo(f"  {'':<10}  {paint('→ ' + finding.mend, 'dim')}")
    raise typer.Exit(int(gravest))


_MARKS = {"OK": ("✓", "good"), "WARN": ("▲", "warn"), "FAIL": ("✕", "bad")}
