"""Time order, in bounded memory; and an order for data that has none but each user's own."""

from __future__ import annotations

import heapq
import tempfile
from collections.abc import Iterable, Iterator
from itertools import chain, groupby, islice
from typing import IO
from zlib import crc32

import orjson

from recaug.replay.happening import Happening

#: Happenings sorted in memory at once; more are sorted in runs on disk and merged.
RUN = 200_000
#: Rows looked at to learn whether a file goes user by user.
PEEK = 20_000
#: Length of the made-up time line of data without times.
SPAN = 10**12


def in_time_order(found: Iterable[Happening], run: int = RUN) -> tuple[int, Iterator[Happening]]:
    """How many there are, and all of them by `at`; equals keep their order."""
    rows = iter(found)
    runs: list[IO[bytes]] = []
    count = 0
    while True:
        part = sorted(islice(rows, run), key=lambda happening: happening.at)
        count += len(part)
        if len(part) < run and not runs:
            return count, iter(part)
        if part:
            runs.append(_written(part))
        if len(part) < run:
            merged = heapq.merge(*map(_read, runs), key=lambda happening: happening.at)
            return count, merged


def _written(part: list[Happening]) -> IO[bytes]:
    file = tempfile.TemporaryFile()  # noqa: SIM115 - the reader closes it
    for one in part:
        file.write(orjson.dumps((one.at, one.number, one.event, one.original, one.as_is)) + b"\n")
    file.seek(0)
    return file


def _read(file: IO[bytes]) -> Iterator[Happening]:
    with file:
        for line in file:
            yield Happening(*orjson.loads(line))


def placed(found: Iterable[Happening]) -> tuple[bool, Iterator[Happening]]:
    """Give happenings without times a place each in a made-up time line.

    A file that goes user by user is dealt out so that all users act side by side, each in its own
    order, evenly over the whole line; the answer is then true. Any other file is in order already.
    """
    rows = iter(found)
    head = list(islice(rows, PEEK))
    everything = chain(head, rows)
    if _user_by_user(head):
        return True, _side_by_side(everything)
    return False, (Happening(place, one.number, one.event) for place, one in enumerate(everything))


def _user_by_user(head: list[Happening]) -> bool:
    users = [user for user, _ in groupby(head, key=_user)]
    return len(users) == len(set(users)) < len(head)


def _side_by_side(rows: Iterable[Happening]) -> Iterator[Happening]:
    for user, group in groupby(rows, key=_user):
        own = list(group)
        step = SPAN // len(own)
        # Somewhere in the first step, by name: users who begin together would come in waves.
        start = crc32(user.encode()) % max(1, step)
        for turn, one in enumerate(own):
            yield Happening(start + turn * step, one.number, one.event)


def _user(one: Happening) -> str:
    user: str = one.event["user_id"]
    return user
