"""`recaug lag`: how far each service is behind, and a verdict a probe can use."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import orjson
import typer

from recaug.cli.columns import Format, FormatOption, align, paint, span
from recaug.cli.connection import DataDirOption, KafkaOption, connect

if TYPE_CHECKING:
    from recaug.lag import Row, Sample, Verdict
    from recaug.lag_probe import LagProbe

TITLES = ("GROUP", "TOPIC", "PARTS", "LAG", "TIME-LAG", "IN/s", "OUT/s", "DRAIN-IN", "VERDICT")
NUMBERS = TITLES[2:8]


def lag(
    watch: Annotated[bool, typer.Option("--watch", "-w", help="Go on until Ctrl-C.")] = False,
    every_s: Annotated[
        float,
        typer.Option(
            "--every",
            metavar="SECONDS",
            min=0.5,
            help="Time between two samples; below 2 a healthy service can look stalled.",
        ),
    ] = 3.0,
    max_lag_s: Annotated[
        float, typer.Option("--max-seconds", min=0, help="Warn when older than this.")
    ] = 10.0,
    service: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="clean, learn or recommend; default all."),
    ] = None,
    form: FormatOption = Format.TEXT,
    kafka: KafkaOption = None,
    data_dir: DataDirOption = None,
) -> None:
    """Show how far each service is behind, and a verdict.

    Measured at the broker, so a service that is dead is seen too. LAG counts
    records not yet committed, TIME-LAG is the age of the oldest of them;
    services commit once a second, so one second is normal.

    Exit code: 0 OK, 1 WARN, 2 STALL, STOP, REWIND or LOST, 3 unreachable.

    \b
      recaug lag
      recaug lag --watch --max-seconds 5
      recaug lag --service clean
      recaug lag -f json | jq .verdict
    """
    from recaug.lag import worst
    from recaug.lag_probe import LagProbe
    from recaug.settings import SERVICES

    if service is not None and service not in SERVICES:
        raise typer.BadParameter(f"no service {service!r}: one of {', '.join(SERVICES)}")
    settings = connect(kafka, None, data_dir)
    with LagProbe(settings, [service] if service else SERVICES) as probe:
        for rows in _measure(probe, every_s, max_lag_s):
            verdict = worst(rows)
            _write(rows, verdict, form, watch)
            if not watch:
                raise typer.Exit(verdict.severity)


def _measure(probe: LagProbe, every_s: float, max_lag_s: float) -> Iterator[list[Row]]:
    from recaug.lag import compare

    before = _sample(probe)
    while True:
        time.sleep(every_s)
        now = _sample(probe)
        yield compare(before, now, max_lag_s)
        before = now


def _sample(probe: LagProbe) -> Sample:
    return probe.sample(time.time_ns() // 1_000_000)


def _write(rows: Sequence[Row], verdict: Verdict, form: Format, watch: bool) -> None:
    at = datetime.now(UTC)
    if form is Format.JSON:
        shown = [row.as_json() for row in rows]
        line = {"at": f"{at:%Y-%m-%dT%H:%M:%SZ}", "verdict": verdict.value, "rows": shown}
        typer.echo(orjson.dumps(line))
        return
    if watch:
        # Home, then clear to the end: unlike a full clear it does not flicker.
        typer.echo(f"\x1b[H\x1b[J{at:%H:%M:%S}Z  {verdict.value}   Ctrl-C to stop\n")
    typer.echo("\n".join(table(rows)))


def table(rows: Sequence[Row]) -> list[str]:
    """Return the lines of the table; the verdict is coloured on a terminal."""
    title, *lines = align(TITLES, [_cells(row) for row in rows], NUMBERS)
    kinds = ("good", "warn", "bad")
    return [
        paint(title, "dim"),
        *(
            paint(line, kinds[row.verdict.severity]) if row.verdict.severity else line
            for line, row in zip(lines, rows, strict=True)
        ),
    ]


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
        f"{row.verdict.value:<6} {row.words}",
    ]
