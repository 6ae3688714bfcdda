"""`recaug top`: rates, lag, partitions, stages, models and the newest lists on one screen."""

from __future__ import annotations

import time
from itertools import repeat
from typing import TYPE_CHECKING, Annotated

import typer

from recaug.cli.connection import DataDirOption, KafkaOption, connect
from recaug.cli.interrupts import interruptible

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

    from recaug.top.watch import Watch

#: A frame for a pipe is drawn once lag is known, or after so long without, seconds.
PATIENCE_S = 20.0

#: Lines of a frame that nobody looks at.
PIPED = 40


def top(
    every_s: Annotated[
        float, typer.Option("--every", metavar="SECONDS", min=0.1, help="Time between two frames.")
    ] = 0.5,
    kafka: KafkaOption = None,
    data_dir: DataDirOption = None,
) -> None:
    """Show the whole installation on one screen; q or Ctrl-C quits.

    Into a pipe it prints one frame and ends. Joins no group: looking changes
    nothing.

    \b
      recaug top
      recaug top | head -20
    """
    from rich.console import Console

    from recaug.top.watch import Watch

    settings = connect(kafka, None, data_dir)
    console = Console()
    with Watch(settings) as watch:
        if console.is_terminal:
            _live(watch, console, settings.kafka, every_s)
        else:
            watch.seen.wait(PATIENCE_S)
            typer.echo(_frame(watch, settings.kafka, console.width, PIPED).plain)


def _live(watch: Watch, console: Console, address: str, every_s: float) -> None:
    from rich.live import Live

    from recaug.top.keys import key, single_keys

    with single_keys(), Live(console=console, screen=True, auto_refresh=False) as live:
        for _ in interruptible(repeat(None)):
            live.update(_frame(watch, address, console.width, console.height), refresh=True)
            if key(every_s) in ("q", "Q"):
                return


def _frame(watch: Watch, address: str, width: int, height: int) -> Text:
    from recaug.top.frame import frame

    now_ms = time.time_ns() // 1_000_000
    return frame(watch.shot(), watch.behind, address, now_ms, width, height, watch.trouble)
