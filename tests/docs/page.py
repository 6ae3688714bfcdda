"""A page of the docs as a person uses it: saves the titled blocks as files, types the commands."""

from __future__ import annotations

import re
import shlex
import sys
from dataclasses import dataclass
from pathlib import Path

CLIENTS = Path(__file__).parents[2] / "docs" / "clients"

_BLOCK = re.compile(r'^```(\w+)(?: title="([\w.]+)")?\n(.*?)^```$', re.MULTILINE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Page:
    """`programs` by their title, and the lines of the `bash` blocks that have none."""

    programs: dict[str, str]
    commands: tuple[str, ...]

    @classmethod
    def read(cls, name: str) -> Page:
        blocks = _BLOCK.findall((CLIENTS / name).read_text())
        typed = [text for language, title, text in blocks if language == "bash" and not title]
        return cls(
            {title: text for _, title, text in blocks if title},
            tuple(line for text in typed for line in text.splitlines()),
        )

    def command(self, program: str, *arguments: str) -> list[str]:
        """The command that starts `program`; `arguments` stand in for those on the page."""
        words = next(words for words in map(shlex.split, self.commands) if program in words)
        python = {"python": sys.executable}
        return [python.get(words[0], words[0]), *words[1 : words.index(program) + 1], *arguments]
