"""Publishing from the command line: stop when asked to, and say how far it is."""

from __future__ import annotations

import signal
import sys
import threading
from types import FrameType, TracebackType
from typing import Any, Self, TextIO

REPORT_S, REDRAW_S = 10.0, 0.25


class Stop:
    """Turns Ctrl-C and SIGTERM into a flag, so that what was sent can still be stored."""

    def __init__(self) -> None:
        self._asked = threading.Event()
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Self:
        for number in (signal.SIGINT, signal.SIGTERM):
            self._before[number] = signal.signal(number, self._ask)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def __bool__(self) -> bool:
        return self._asked.is_set()

    def wait(self, seconds: float) -> bool:
        """Sleep, but not longer than until asked to stop; return whether it was."""
        return self._asked.wait(seconds)

    def _ask(self, number: int, frame: FrameType | None) -> None:
        self._asked.set()


class Meter:
    """Progress on a terminal as a bar; elsewhere as a line every `REPORT_S` seconds."""

    def __init__(
        self,
        what: str,
        total: int | None = None,
        stream: TextIO | None = None,
        unit: str = "events",
    ) -> None:
        """
        :param what: names what is done, e.g. `replay`.
        :param total: events in all, if that is known.
        """
        self._what, self._total, self._unit = what, total, unit
        self._stream = stream or sys.stderr
        self._bar: Any = None
        self._done = 0
        self._untold = 0
        self._start_s: float | None = None
        self._told_s = 0.0

    def __enter__(self) -> Self:
        if self._stream.isatty():
            self._bar = _bar(self._what, self._total, self._stream, self._unit)
            self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.update(self._bar.task_ids[0], advance=self._untold)
            self._bar.stop()

    def add(self, count: int, now_s: float) -> None:
        """`count` more events are sent; `now_s` is any steady clock."""
        self._done += count
        self._untold += count
        if self._start_s is None:
            self._start_s = self._told_s = now_s
        elif now_s - self._told_s >= (REPORT_S if self._bar is None else REDRAW_S):
            self._told_s = now_s
            self._tell(now_s - self._start_s)

    def _tell(self, seconds: float) -> None:
        if self._bar is not None:
            self._bar.update(self._bar.task_ids[0], advance=self._untold)
        else:
            self._stream.write(self._line(seconds) + "\n")
            self._stream.flush()
        self._untold = 0

    def _line(self, seconds: float) -> str:
        of = f" of {self._total:,}" if self._total is not None else ""
        return f"{self._what}: {self._done:,}{of} {self._unit}, {self._done / seconds:,.1f}/s"


def _bar(what: str, total: int | None, stream: TextIO, unit: str) -> Any:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (
        TextColumn("[bold]{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[unit]}"),
        TimeElapsedColumn(),
    )
    # Twice a second is enough for eyes, and costs a busy core nothing.
    bar = Progress(*columns, console=Console(file=stream), refresh_per_second=2)
    bar.add_task(what, total=total, unit=unit)
    return bar
