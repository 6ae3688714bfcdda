"""What a person sees while things start, run and stop: a spinner on a terminal, else plain lines.

Everything goes to stderr; stdout is for data.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from rich.console import Console
from rich.text import Text


class Step:
    """Something that goes on: call it to say what just now; `result` is what remains to be read."""

    def __init__(self, show: Callable[[str], None]) -> None:
        self._show, self._said = show, ""
        self.result = ""

    def __call__(self, text: str) -> None:
        if text != self._said:
            self._said = text
            self._show(text)


class Screen:
    """Steps that take time, lines in between, and a banner of name and value."""

    def __init__(self, console: Console | None = None) -> None:
        self.console = console or Console(stderr=True, highlight=False, soft_wrap=True)

    @contextmanager
    def step(self, name: str) -> Iterator[Step]:
        """Show that `name` goes on; ends in one line: name, result, and how long it took."""
        began = time.monotonic()
        if self.console.is_terminal:
            with self.console.status(Text(name, style="bold")) as status:
                step = Step(lambda text: status.update(_line(name, text)))
                yield step
        else:
            step = Step(lambda text: self.say(f"{name}: {text}"))
            yield step
        self._done(name, step.result, time.monotonic() - began)

    def say(self, text: str) -> None:
        """Print one line."""
        self.console.print(Text(text))

    def banner(self, title: str, rows: Sequence[tuple[str, str]]) -> None:
        """Print a title and aligned pairs."""
        self.console.print()
        self.console.print(Text(title, style="bold"))
        width = max(len(name) for name, _ in rows)
        for name, value in rows:
            self.console.print(Text.assemble((f"  {name:<{width}}  ", "cyan"), value))
        self.console.print()

    def _done(self, name: str, result: str, seconds: float) -> None:
        mark = ("✓ ", "green") if self.console.is_terminal else ("", "")
        told = f"  {result}" if result else ""
        self.console.print(Text.assemble(mark, (name, "bold"), f"{told}  {seconds:.1f} s"))


def _line(name: str, text: str) -> Text:
    return Text.assemble((name, "bold"), f"  {text}")
