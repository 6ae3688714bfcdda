"""A file of documents judged as clean would judge them, with the line where each begins.

check      one finding a document, in order
documents  the documents of a file, whether one a line, in an array, or over many lines

A file with a document a line is read line by line, however long it is. One that is a JSON array, or
whose first line is a bracket alone, is read whole.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from itertools import chain
from typing import IO, Any

from recaug.deadletters.mends import field_of
from recaug.errors import Failure
from recaug.events import Rejection, parse_event, parse_item, parse_user

#: Largest file read whole, bytes.
MOST = 2**30

_PARSERS: dict[str, Callable[..., Any]] = {
    "events": parse_event, "items": parse_item, "users": parse_user,
}  # fmt: skip
_SPACE = re.compile(r"[\s,]*")


@dataclass(frozen=True, slots=True)
class Judged:
    """A document; `reason` is empty where nothing is wrong with it.

    line   where it begins, from 1
    field  which field is wrong; None: the whole
    """

    line: int
    reason: str = ""
    field: str | None = None
    message: str = ""

    def as_json(self) -> dict[str, Any]:
        """The fields."""
        return asdict(self)


def check(stream: IO[bytes], kind: str, now_ms: int) -> Iterator[Judged]:
    """Judge every document of `stream`, which are all of one kind: events, items or users.

    :raises Failure: it is not JSON as a whole, where it should be.
    """
    parse = _PARSERS[kind]
    for line, document in documents(stream):
        try:
            parse(document, (), now_ms)
        except Rejection as told:
            yield Judged(line, told.reason, field_of(told.reason, told.message), told.message)
        else:
            yield Judged(line)


def documents(stream: IO[bytes]) -> Iterator[tuple[int, bytes]]:
    """Yield the bytes of each document, and the line where it begins.

    :raises Failure: a bracket opens the file and what follows is no JSON.
    """
    first = stream.readline()
    if first.lstrip().startswith(b"[") or first.strip() == b"{":
        yield from _whole(first + stream.read(MOST))
        return
    for number, line in enumerate(chain([first] if first else [], stream), 1):
        yield number, line.rstrip(b"\r\n")


def _whole(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Documents behind one another, or in one array."""
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        raise Failure(
            "the file is not UTF-8", f"byte {error.start} is no part of a character",
            "iconv -t UTF-8 FILE > NEW",
        ) from None  # fmt: skip
    at, end = _SPACE.match(text), len(text.rstrip())
    place = at.end() if at else 0
    if text[place] == "[":
        place, end = place + 1, end - (text.rstrip()[-1] == "]")
    yield from _each(text, place, end)


def _each(text: str, place: int, end: int) -> Iterator[tuple[int, bytes]]:
    decode, line, counted = json.JSONDecoder().raw_decode, 1, 0
    while True:
        found = _SPACE.match(text, place, end)
        place = found.end() if found else place
        line, counted = line + text.count("\n", counted, place), place
        if place >= end:
            return
        try:
            _, after = decode(text, place)
        except json.JSONDecodeError as error:
            raise Failure(
                f"the file is not JSON from line {error.lineno} on", error.msg,
                "mend that line, or write one document a line: jq -c '.[]' FILE",
            ) from None  # fmt: skip
        yield line, text[place:after].encode()
        place = after
