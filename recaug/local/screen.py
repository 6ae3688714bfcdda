"""What a person sees while things start, run and stop: a spinner on a terminal, else plain lines.

Everything goes to stderr; stdout is for data.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from rich.console import Console
from rich.text import Text


class Screen:
    """Steps that take time, lines in between, and a banner of name and value."""

    def __init__(self, console: Console | None = None) -> None:
        self.console = console or Console(stderr=True, highlight=False, soft_wrap=True)

    @contextmanager
    def step(self, name: str) -> Iterator[Callable[[str], None]]:
        """Show that `name` goes on; the yielded function says what just now.

        Ends in one line: the name, the last thing said, and how long it took.
        """
        said = ""
        began = time.monotonic()

        def say(text: str) -> None:
            nonlocal said
            if text != said:
                said = text
                self._show(name, text)

        if self.console.is_terminal:
            with self.console.status(f"[bold]{name}[/bold]") as self._status:
                yield say
        else:
            yield say
        self._done(name, said, time.monotonic() - began)

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

    def _show(self, name: str, text: str) -> None:
        if self.console.is_terminal:
            self._status.update(f"[bold]{name}[/bold]  {text}")
        else:
            self.say(f"{name}: {text}")

    def _done(self, name: str, said: str, seconds: float) -> None:
        mark = ("✓ ", "green") if self.console.is_terminal else ("", "")
        self.console.print(Text.assemble(mark, (name, "bold"), f"  {said}  {seconds:.1f} s"))
