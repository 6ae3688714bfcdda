"""A data set as arrays: any file that `recaug replay` reads, or a directory of periods.

A directory holds `period_0.txt`, `period_1.txt` … (or `.txt.gz`): `session item` lines, oldest
first, each file a step in time after the one before it.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import orjson

from recaug.batch import Int64
from recaug.errors import Failure
from recaug.events import KINDS, Rejection, items_of, parse_event, user_key
from recaug.item_text import words_of
from recaug.replay import Choice, Happening, Source, open_source
from recaug.replay.documents import read_beside
from recaug.replay.periods import period_files

#: Events held, most: 32 bytes each, and their ids.
MOST = 50_000_000
#: How far apart periods are taken to be: a week, as where such data comes from.
PERIOD_MS = 7 * 86_400_000
#: Later than any event: data of the past is not checked against the clock.
_EVER_MS = 2**53

#: Called with the number of events read so far, now and then.
Told = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class DataSet:
    """Events in the order they were read; `users` and `items` number ids by first appearance."""

    path: Path
    note: str  # how it was read
    users: Int64  # (n,)
    items: Int64  # (n,)
    kinds: Int64  # (n,)
    times_ms: Int64  # (n,) all 0 where the data knows only an order
    periods: Int64 | None  # (n,) the file each came from
    item_ids: list[str]
    texts: dict[str, str]  # of the items that say something of themselves
    user_ids: list[str] = field(default_factory=list)  # empty where users have no names

    @property
    def timed(self) -> bool:
        return self.periods is None and bool(self.times_ms.any())


@dataclass(slots=True)
class _Rows:
    """Columns that grow, and ids that are numbered as they come."""

    users: array[int] = field(default_factory=lambda: array("q"))
    items: array[int] = field(default_factory=lambda: array("q"))
    kinds: array[int] = field(default_factory=lambda: array("b"))
    times_ms: array[int] = field(default_factory=lambda: array("q"))
    user_ids: dict[str, int] = field(default_factory=dict)
    item_ids: dict[str, int] = field(default_factory=dict)

    def add(self, user: str, item: str, kind: int, at_ms: int) -> None:
        self.users.append(self.user_ids.setdefault(user, len(self.user_ids)))
        self.items.append(self.item_ids.setdefault(item, len(self.item_ids)))
        self.kinds.append(kind)
        self.times_ms.append(at_ms)


def read(path: Path, told: Told = lambda _: None, choice: Choice | None = None) -> DataSet:
    """Read a file or a directory of periods.

    :param choice: which column of a file is what; None: by its looks.

    :raises Failure: there is none, it is in no known format, or it holds no events.
    """
    require(path)
    data = _periods(path, told) if path.is_dir() else _file(path, told, choice)
    if not len(data.users):
        raise Failure(
            f"{path.name} cannot be evaluated on", f"it holds no event with an item ({data.note})",
            "name another file",
        )  # fmt: skip
    return data


def require(path: Path) -> None:
    """:raises Failure: there is nothing at `path`."""
    if not path.exists():
        raise Failure(
            f"{path} is not there", "evaluate reads a file of events or a directory of periods",
            "name one: recaug evaluate --data PATH",
        )  # fmt: skip


def _file(path: Path, told: Told, choice: Choice | None) -> DataSet:
    source, rows = open_source(path, choice), _Rows()
    _take(source, rows, "", None, told)
    note = f"{source.form}; {source.note}"
    if reasons := source.tally.reasons():
        note += f"; not used: {reasons}"
    return _data(path, note, rows, None, _texts(path, rows.item_ids))


def _periods(path: Path, told: Told) -> DataSet:
    files = period_files(path)
    rows, numbers = _Rows(), array("q")
    for number, file in enumerate(files):
        # A session belongs to its period: another one's may have the same number.
        _take(open_source(file), rows, f"{number}/", number * PERIOD_MS, told)
        numbers.extend([number] * (len(rows.users) - len(numbers)))
    note = f"{len(files)} periods of `session item` lines"
    return _data(path, note, rows, np.array(numbers, np.int64), {})


def _take(source: Source, rows: _Rows, prefix: str, at_ms: int | None, told: Told) -> None:
    for count, one in enumerate(source.happenings, 1):
        event = _canonical(one)
        when = at_ms if at_ms is not None else one.at if source.timed else 0
        for item in items_of(event) if event else ():
            rows.add(prefix + user_key(event), item, KINDS[event["event"]], when)
        if count % 10_000 == 0:
            told(len(rows.users))
        if len(rows.users) > MOST:
            raise Failure(
                f"{source.path.name} is too large", f"it holds more than {MOST:,} events",
                "cut a part out of it",
            )  # fmt: skip


def _canonical(one: Happening) -> dict[str, Any]:
    """The event in our own fields; empty where it is none of ours."""
    if not one.as_is:
        return one.event
    stamped = {"event_id": str(one.number), **one.event}
    try:
        return parse_event(orjson.dumps(stamped), (), _EVER_MS).model_dump(mode="json")
    except Rejection:
        return {}


def _data(
    path: Path, note: str, rows: _Rows, periods: Int64 | None, texts: dict[str, str]
) -> DataSet:
    users, items, kinds, times_ms = (
        np.array(column, np.int64) for column in (rows.users, rows.items, rows.kinds, rows.times_ms)
    )
    return DataSet(
        path, note, users, items, kinds, times_ms, periods, list(rows.item_ids), texts,
        list(rows.user_ids),
    )  # fmt: skip


def _texts(path: Path, wanted: dict[str, int]) -> dict[str, str]:
    said = ((one["item_id"], words_of(one)) for one in read_beside(path, "item"))
    return {item: words for item, words in said if words and item in wanted}
