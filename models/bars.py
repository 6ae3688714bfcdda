"""Progress of an evaluation on stderr: bars on a terminal, elsewhere a line now and then."""

from __future__ import annotations

import sys
import time
from typing import Any, Self

#: Seconds between two lines about the same stage.
REPORT_S = 10.0
#: Seconds between two looks at a bar.
REDRAW_S = 0.1


class Bars:
    """One bar for each contender; it starts again with each stage."""

    def __init__(self) -> None:
        self._progress: Any = None
        self._tasks: dict[str, Any] = {}
        self._stage = ("", "")
        self._told_s = 0.0

    def __enter__(self) -> Self:
        if sys.stderr.isatty():
            self._progress = _progress()
            self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._progress is not None:
            self._progress.stop()

    def tell(self, line: str) -> None:
        """A line above the bars."""
        if self._progress is not None:
            self._progress.console.print(line, markup=False, highlight=False, soft_wrap=True)
        else:
            sys.stderr.write(f"{line}\n")

    def say(self, name: str, stage: str, done: int, total: int) -> None:
        """`name` has `done` so much of the `total` that `stage` takes; 0: nobody knows how much."""
        now_s, drawn = time.monotonic(), self._progress is not None
        late = now_s - self._told_s >= (REDRAW_S if drawn else REPORT_S)
        if late or (name, stage) != self._stage or (drawn and done == total):
            self._show(name, stage, done, total)
            self._stage, self._told_s = (name, stage), now_s

    def _show(self, name: str, stage: str, done: int, total: int) -> None:
        if self._progress is None:
            of = f" {done:,} of {total:,}" if total > 1 else f" {done:,}" if done else ""
            sys.stderr.write(f"{name}: {stage}{of}\n")
            return
        if name not in self._tasks:
            self._tasks[name] = self._progress.add_task(name, stage=stage)
        self._progress.update(self._tasks[name], stage=stage, completed=done, total=total or None)


def _progress() -> Any:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

    columns = (
        TextColumn("[bold]{task.description:<8}"), BarColumn(), TaskProgressColumn(),
        TimeElapsedColumn(), TextColumn("{task.fields[stage]}"),
    )  # fmt: skip
    return Progress(*columns, console=Console(stderr=True), refresh_per_second=4)
