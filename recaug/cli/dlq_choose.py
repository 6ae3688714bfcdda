"""Which dead letters a command of `recaug dlq` means, and what is to be changed in them."""

from __future__ import annotations

import heapq
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from recaug.cli.columns import seconds
from recaug.errors import Failure, Usage

if TYPE_CHECKING:
    from recaug.deadletters.again import Mend
    from recaug.deadletters.letters import Letter
    from recaug.settings import Settings


def ago(text: str | None) -> int | None:
    try:
        return None if text is None else int((time.time() - seconds(text)) * 1_000)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--since") from error


def newest(
    settings: Settings, reason: str | None, number: int, everything: bool
) -> tuple[list[Letter], str]:
    """The newest, oldest of them first, and how many there are of each reason."""
    from recaug.deadletters.letters import read
    from recaug.deadletters.marks import Fate

    counts: Counter[str] = Counter()

    def wanted() -> Iterator[Letter]:
        for letter in read(settings):
            if everything or letter.fate is Fate.OPEN:
                counts[letter.about.reason or "unknown"] += 1
                if reason in (None, letter.about.reason):
                    yield letter

    newest = heapq.nlargest(number, wanted(), key=lambda one: one.at_ms)
    total = ", ".join(f"{name} {count:,}" for name, count in counts.most_common())
    return newest[::-1], f"{len(newest)} of {counts.total():,} dead letters  {total}".rstrip()


def chosen(
    settings: Settings, names: list[str] | None, reason: str | None, limit: int | None
) -> list[Letter]:
    """Those named, or the oldest open ones of a reason; each once."""
    from recaug.deadletters.letters import find, read
    from recaug.deadletters.marks import Fate

    if names:
        return find(settings, list(dict.fromkeys(names)))[:limit]
    if reason is None:
        raise Usage(
            "no dead letter is chosen", "name letters, or all open ones of a --reason",
            "recaug dlq show   names them",
        )  # fmt: skip
    found: dict[str, Letter] = {}
    for one in read(settings):
        if one.about.reason == reason and one.fate is Fate.OPEN:
            found[one.name] = one
    return sorted(found.values(), key=lambda one: one.at_ms)[:limit]


def mend(fields: list[str], source: Path | None, key: str | None, letters: int) -> Mend:
    from recaug.deadletters.again import Mend
    from recaug.deadletters.edit import assignment

    if source is not None and letters != 1:
        raise Usage(
            "--from mends one letter", f"{letters} are chosen, and a file holds one value",
            "recaug dlq retry LETTER --from FILE",
        )  # fmt: skip
    try:
        chosen = [assignment(one) for one in fields]
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--set") from error
    return Mend(_value(source), None if key is None else key.encode(), chosen)


def _value(source: Path | None) -> bytes | None:
    if source is None:
        return None
    if str(source) == "-":
        return sys.stdin.buffer.read()
    try:
        return source.read_bytes()
    except OSError as error:
        raise Failure(f"cannot read {source}", str(error.strerror), f"ls {source.parent}") from None
