"""`recaug up`: everything on one machine."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from recaug.cli.connection import DataDirOption, refuse_password


def up(
    traffic: Annotated[
        str,
        typer.Option(
            metavar="KIND",
            help="simulate:RATE, replay:PATH[:SPEED] (SPEED: max, 10x, events/s) or none.",
        ),
    ] = "simulate:300",
    for_s: Annotated[
        float | None,
        typer.Option(
            "--for",
            metavar="SECONDS",
            min=1,
            help="Stop after so long and report. Default: run until Ctrl-C.",
            show_default=False,
        ),
    ] = None,
    report: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write the report of the run as JSON."),
    ] = None,
    data_dir: DataDirOption = None,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Delete what earlier runs left and start over.")
    ] = False,
    kafka: Annotated[
        str | None,
        typer.Option(metavar="HOST:PORT", help="Use this Kafka (or RECAUG_KAFKA), start none."),
    ] = None,
    redis: Annotated[
        str | None,
        typer.Option(metavar="URL", help="Use this Redis (or RECAUG_REDIS), start none."),
    ] = None,
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port of the page.")] = 8080,
    no_page: Annotated[bool, typer.Option("--no-page", help="Serve no page.")] = False,
    model_every: Annotated[
        str | None,
        typer.Option(
            metavar="N|TIME", help="Fine-tune after so many events (5000) or so long (60s)."
        ),
    ] = None,
) -> None:
    """Start Kafka, Redis, the services, traffic and a page on this machine.

    Everything lives in one directory and stops with Ctrl-C, in order, with
    nothing lost; the next `recaug up` resumes. Exit code 0: every event is
    accounted for and, with --for 120 or more, a model was promoted and served.

    \b
      recaug up
      recaug up --for 180 --report r.json --traffic simulate:300 --no-page --fresh
      recaug up --traffic replay:ratings.csv:max
    """
    from recaug.local.choices import Options, parse_every, parse_traffic
    from recaug.local.screen import Screen
    from recaug.local.up import up as run
    from recaug.settings import Settings

    refuse_password(redis)
    options = Options(
        data_dir=data_dir or Settings().data_dir,
        traffic=parse_traffic(traffic),
        kafka=kafka or os.environ.get("RECAUG_KAFKA"),
        redis=redis or os.environ.get("RECAUG_REDIS"),
        page_port=None if no_page else port,
        env=tuple(parse_every(model_every).items()) if model_every else (),
        for_s=for_s,
        report=report.absolute() if report else None,
        fresh=fresh,
    )
    raise typer.Exit(run(options, Screen()))
