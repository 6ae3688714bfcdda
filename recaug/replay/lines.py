"""JSON: events already, in any form `clean` accepts, which travel as they are; or rows of a table.

One object a line; or one array of them, whose entries are counted like lines.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
from pydantic_core import PydanticCustomError

from recaug.errors import Failure
from recaug.events.aliases.said import Said, said
from recaug.events.times import to_ms
from recaug.replay.files import opened, read_lines
from recaug.replay.happening import Happening, Tally

#: An array is read as a whole; a larger one has to become lines.
_MOST_BYTES = 2**28
_ID_FIELDS = ("event_id", "messageId", "eventId", "id")

#: What a line holds, and its number from 1; text is the reason why it holds nothing.
Parsed = Iterator[tuple[int, Any]]


def id_field(event: dict[str, Any]) -> str | None:
    """The field an event's id is in, None when it has none."""
    return next((name for name in _ID_FIELDS if name in event), None)


def parsed(path: Path) -> Parsed:
    """What each line holds.

    :raises Failure: it is one array, and too large or no JSON.
    """
    if _is_array(path):
        yield from enumerate(_array(path), 1)
        return
    for number, text in enumerate(read_lines(path), 1):
        if not text.strip():
            yield number, "blank"
            continue
        try:
            yield number, orjson.loads(text)
        except orjson.JSONDecodeError:
            yield number, "not JSON"


def events(lines: Parsed, tally: Tally) -> Iterator[Happening]:
    """One event a line, each with a time."""
    for number, line in lines:
        tally.lines += 1
        found = _happening(line, number)
        if isinstance(found, Happening):
            tally.used += 1
            yield found
        else:
            tally.refuse(found[0], number, found[1])


def rows(lines: Parsed, tally: Tally) -> Iterator[tuple[int, dict[str, Any]]]:
    """One row of a table a line, as an object."""
    for number, line in lines:
        if isinstance(line, dict):
            yield number, line
        else:
            tally.lines += 1
            tally.refuse(line if isinstance(line, str) else "not a JSON object", number)


def _is_array(path: Path) -> bool:
    first = next((line for line in read_lines(path) if line.strip()), "")
    return first.lstrip().startswith("[")


def _array(path: Path) -> list[Any]:
    with opened(path) as plain:
        text = plain.read(_MOST_BYTES + 1)
    if len(text) > _MOST_BYTES:
        raise _as_lines(path, f"one JSON array of more than {_MOST_BYTES // 2**20} MiB")
    try:
        found = orjson.loads(text.decode("utf-8-sig"))
    except (UnicodeDecodeError, orjson.JSONDecodeError) as error:
        raise _as_lines(path, f"a JSON array that breaks off: {error}") from error
    return found if isinstance(found, list) else [found]


def _as_lines(path: Path, what: str) -> Failure:
    name = path.name
    return Failure(f"{name} cannot be read", f"it is {what}", f"jq -c '.[]' {name} > events.jsonl")


def _happening(line: Any, number: int) -> Happening | tuple[str, str]:
    """The event on a line, or the reason there is none and what was there instead."""
    if not isinstance(line, dict):
        return (line if isinstance(line, str) else "not an event"), ""
    found = said(line)
    if not isinstance(found, Said):
        return found, ""
    try:
        at = to_ms(found.time)
    except PydanticCustomError:
        return "without a readable time", "" if found.time is None else str(found.time)
    assert isinstance(at, int)
    if found.key is None:
        return "without a user" if found.kind != "item" else "without an item", ""
    return Happening(at, number, line, found.time, as_is=True)
