"""`recaug lag`: how far each service is behind, a verdict a probe can use, and why."""

from __future__ import annotations

import time
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from recaug.cli.connection import DataDirOption, KafkaOption, connect
from recaug.cli.tables import TableFormat

if TYPE_CHECKING:
    from collections.abc import Iterator

    from recaug.cli.lag_look import Look
    from recaug.settings import Settings


class By(StrEnum):
    """What a row of the table is."""

    TOPIC = "topic"
    PARTITION = "partition"
    MEMBER = "member"


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
    by: Annotated[By, typer.Option("--by", help="What a row is.")] = By.TOPIC,
    service: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="clean, learn or recommend; default all."),
    ] = None,
    topic: Annotated[
        str,
        typer.Option(metavar="GLOB", help="Only topics of such a name.", show_default=False),
    ] = "*",
    form: Annotated[
        TableFormat,
        typer.Option(
            "--format", "-f", help="wide: all columns; json: one object a look; jsonl: one a row."
        ),
    ] = TableFormat.TEXT,
    kafka: KafkaOption = None,
    data_dir: DataDirOption = None,
) -> None:
    """Show how far each service is behind, a verdict, and whether more workers would help.

    Measured at the broker, so a service that is dead is seen too. LAG counts
    records not yet committed, TIME-LAG is the age of the oldest of them;
    services commit once a second, so one second is normal. RETENTION is how
    long that oldest record will still be kept.

    Exit code: 0 OK, 1 WARN, 2 STALL, STOP, REWIND or LOST, 3 unreachable.

    \b
      recaug lag
      recaug lag --watch --every 2 --max-seconds 5
      recaug lag --service clean --by partition
      recaug lag -f json | jq .verdict
    """
    from recaug.cli.lag_watch import follow
    from recaug.cli.lag_write import write
    from recaug.lag import worst
    from recaug.settings import SERVICES

    if service is not None and service not in SERVICES:
        raise typer.BadParameter(f"no service {service!r}: one of {', '.join(SERVICES)}")
    settings = connect(kafka, None, data_dir)
    looks = _looks(settings, [service] if service else SERVICES, every_s, max_lag_s, topic)
    if watch:
        follow(looks, by.value, form)
        return
    look = next(looks)
    write(look, by.value, form)
    raise typer.Exit(worst(look.rows).severity)


def _looks(
    settings: Settings,
    services: list[str] | tuple[str, ...],
    every_s: float,
    max_lag_s: float,
    topic: str,
) -> Iterator[Look]:
    from recaug.cli.lag_look import look
    from recaug.lag.hot import HotKeys
    from recaug.lag.probe import LagProbe
    from recaug.lag.pulses import Pulses

    with (
        LagProbe(settings, services, commits=True) as probe,
        Pulses(settings) as pulses,
        HotKeys(settings.broker) as keys,
    ):
        before = probe.sample(_now_ms())
        while True:
            time.sleep(every_s)
            now = probe.sample(_now_ms())
            yield look(settings, before, now, pulses.fresh(now.at_ms), keys, max_lag_s, topic)
            before = now


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
