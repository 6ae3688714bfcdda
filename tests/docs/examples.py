"""Commands that a page names, in its blocks or within a sentence, and whether they exist."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from typer.main import get_command

from recaug.cli import COMMANDS, app
from tests.docs.blocks import blocks

_INLINE = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")
_OURS = re.compile(r"^\s*(?:[A-Z_]+=\S+ )*((?:recaug|make|python -m bench)\s+\S.*)$")
_ENDS = {"|", "||", "&&", ";", ">", ">>", "&", "2>&1", "…"}
_PLACEHOLDER = re.compile(r"[A-Z]{2,}|…")
_TARGET = re.compile(r"^([a-z]+):", re.MULTILINE)


def commands_in(page: Path) -> list[list[str]]:
    """Return the words of every command of ours that a page names."""
    text = page.read_text(encoding="utf-8")
    typed = [line for block in blocks(page) for line in block.typed.splitlines()]
    lines = [*_INLINE.findall(text), *typed]
    return [_words(found) for line in lines for found in _OURS.findall(line)]


def trouble(words: list[str], root: Path) -> str:
    """Return what there is no such thing of in a command; "" when all of it exists."""
    if words[0] == "make":
        return _no_target(words[1:], root)
    if words[0] == "python":
        return _no_bench(words[3:], root)
    return _no_command(words[1:])


def _words(command: str) -> list[str]:
    try:
        words = shlex.split(command, comments=True)
    except ValueError:  # the end of a quotation is on another line
        words = command.split()
    ended = (place for place, word in enumerate(words) if word in _ENDS)
    return words[: next(ended, len(words))]


def _no_target(words: list[str], root: Path) -> str:
    known = _TARGET.findall((root / "Makefile").read_text())
    return next((f"target {word}" for word in words if "=" not in word and word not in known), "")


def _no_bench(words: list[str], root: Path) -> str:
    known = {path.stem for path in (root / "bench").iterdir()}
    named = [word for word in words if word[0] != "-" and not _PLACEHOLDER.match(word)]
    return next((f"bench {word}" for word in named if word not in known), "")


def _no_command(words: list[str]) -> str:
    if not words or words[0].startswith("-") or _PLACEHOLDER.match(words[0]):
        return ""
    if words[0] not in COMMANDS:
        return f"command {words[0]}"
    command: Any = get_command(app(words[0])).commands[words[0]]
    rest = words[1:]
    while rest and not rest[0].startswith("-") and hasattr(command, "commands"):
        if rest[0] not in command.commands:
            return "" if _PLACEHOLDER.match(rest[0]) else f"command {words[0]} {rest[0]}"
        command, rest = command.commands[rest[0]], rest[1:]
    return next((f"option {o}" for o in _options(rest) if o not in _known(command)), "")


def _options(words: list[str]) -> Iterator[str]:
    for word in words:
        if re.match(r"--?[a-z]", word):
            yield word.partition("=")[0]


def _known(command: Any) -> set[str]:
    given = {o for p in command.params for o in (*p.opts, *p.secondary_opts)}
    return given | {"--help", "-h"}
