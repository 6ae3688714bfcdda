"""Fenced blocks of a page: what a person copies, and the output that is promised for it.

    ```bash      commands to copy
    ```console   `$ command` lines, each followed by what it prints
    ```python    a program

Promised output is compared by its shape (`shape`): words as they are, figures as they come.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

_BLOCK = re.compile(r"^ *```(\w*)[^\n]*\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
_PROMPT = "$ "
_CONTINUED = "> "

#: A verdict depends on the machine, and so does what is said after it, and what would help.
_VERDICT = re.compile(r"OK|WARN|ERR|STOP|STALL|REWIND")
_HINT = "hint"
_ANY = "…"
_FIGURE = re.compile(r"\d+")
#: What stands in a column where there is no figure.
_NO_FIGURE = ("-", "never")


@dataclass(frozen=True, slots=True)
class Block:
    """One fenced block.

    line    of its opening fence, from 1
    """

    language: str
    text: str
    line: int

    def __str__(self) -> str:
        return f"{self.line}-{self.language}"

    @property
    def typed(self) -> str:
        """What a person types of it: all, unless output is mixed in."""
        if self.language != "console":
            return self.text
        return "\n".join(command for command, _ in self.commands)

    @property
    def commands(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """Each command of a `console` block, with the lines promised for it."""
        found: list[tuple[list[str], list[str]]] = []
        for line in self.text.splitlines():
            if line.startswith(_PROMPT):
                found.append(([line.removeprefix(_PROMPT)], []))
            elif line.startswith(_CONTINUED) and not found[-1][1]:
                found[-1][0].append(line.removeprefix(_CONTINUED))
            else:
                found[-1][1].append(line)
        return tuple(("\n".join(typed), tuple(filter(str.strip, said))) for typed, said in found)


def blocks(page: Path) -> list[Block]:
    """Return every fenced block of a page, in order."""
    text = page.read_text(encoding="utf-8")
    return [
        Block(found[1], found[2], text.count("\n", 0, found.start()) + 1)
        for found in _BLOCK.finditer(text)
    ]


def shape(line: str) -> re.Pattern[str]:
    """Return what a line must look like: `…` stands for anything, a word with digits for a figure.

    Beside a `…`, only the digits of a word are figures.

    >>> bool(shape("recaug-clean  159  0.6s  OK  keeps up").fullmatch("recaug-clean 7 - WARN late"))
    True
    >>> bool(shape("LAG  TIME-LAG").fullmatch("LAG  IN/s"))
    False
    """
    parts: list[str] = []
    for word in line.split():
        if word == _HINT:
            return re.compile(rf"{_HINT}\s+.*")
        if _VERDICT.fullmatch(word):
            return re.compile(r"\s+".join([*parts, rf"(?:{_VERDICT.pattern})\b.*"]))
        parts.append(_word(word))
    return re.compile(r"\s+".join(parts))


def unmet(promised: Sequence[str], said: str) -> list[str]:
    """Return the promised lines that were not said, in their order; other lines may be between."""
    lines = iter([line.strip() for line in said.splitlines()])
    return [line for line in promised if not any(map(shape(line).fullmatch, lines))]


def _word(word: str) -> str:
    if _ANY in word:
        return ".*".join(_FIGURE.sub(r"\\d+", re.escape(part)) for part in word.split(_ANY))
    if word in _NO_FIGURE or _FIGURE.search(word):
        return r"(?:-|never|\S*\d\S*)"
    return re.escape(word)
