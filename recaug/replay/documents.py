"""Titles and people beside a data set: `.item` and `.user` files, `items.tsv`, `movies.dat` …"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from recaug.replay.files import read_lines, sibling, stem, suffix
from recaug.replay.names import NAMES, find, plain
from recaug.replay.tables import Row, text_table

#: Files looked for beside events, the likeliest first.
_ITEM_FILES = ("items.tsv", "items.csv", "movies.dat", "movies.csv", "artists.dat", "products.csv")
_USER_FILES = ("users.tsv", "users.csv", "users.dat")
#: MovieLens' files have no header.
_DAT_HEADERS = {
    "movies.dat": ["movie_id", "title", "genres"],
    "users.dat": ["user_id", "gender", "age", "occupation", "zip_code"],
    "u.item": ["movie_id", "title", "release_date", "video_release_date", "imdb_url", "genres"],
    "u.user": ["user_id", "age", "gender", "occupation", "zip_code"],
}
#: The columns at the end of `u.item`: 1 where the film is of the genre.
_GENRES = (
    "unknown Action Adventure Animation Children's Comedy Crime Documentary Drama Fantasy"
    " Film-Noir Horror Musical Mystery Romance Sci-Fi Thriller War Western"
)
_NAME = ("name", "title", "movietitle", "itemname", "productname", "booktitle")
_CATEGORIES = ("categories", "category", "genres", "genre", "class")
_BRAND = ("brand",)
#: A postcode beside age and gender points at a person.
_PERSONAL = frozenset({"zipcode", "zip", "email", "phone", "name", "address"})
_MOST_CATEGORIES = 32


@dataclass(frozen=True, slots=True)
class Documents:
    """What `path` says about items or users; `kind` is `item` or `user`."""

    path: Path
    kind: str

    def read(self, at_ms: int) -> Iterator[dict[str, Any]]:
        """Each as a message for `items` or `users`, true as of `at_ms`."""
        header, rows = _table(self.path)
        column = find(header, (*NAMES[self.kind], "id"))
        if column is None:
            return
        make = _item if self.kind == "item" else _user
        for row in rows:
            identity = str(row.get(column) or "").strip()
            rest = {n: v.strip() for n, v in row.items() if n != column and v and v.strip()}
            if identity:
                yield {f"{self.kind}_id": identity, "timestamp": at_ms, **make(rest)}


def documents_beside(path: Path) -> list[Documents]:
    """The documents that belong to the events in `path`."""
    found = []
    for kind, own, common in (("item", ".item", _ITEM_FILES), ("user", ".user", _USER_FILES)):
        # RecBole's `ml.inter` has `ml.item`, MovieLens' `u.data` has `u.item`.
        names = (stem(path) + own,) if suffix(path) in (".inter", ".data") else common
        files = (sibling(path, name) for name in names)
        file = next((file for file in files if file is not None and file != path), None)
        if file is not None:
            found.append(Documents(file, kind))
    return found


def read_beside(path: Path, kind: str) -> Iterator[dict[str, Any]]:
    """What is said of items or users (`kind`) beside the events in `path`, true at any time."""
    for documents in documents_beside(path):
        if documents.kind == kind:
            yield from documents.read(0)


def documented(path: Path) -> str:
    """`item` or `user`, where the file is by its name one of documents; "" for any other."""
    name = stem(path) + suffix(path)
    if name in _DAT_HEADERS:
        return "user" if _DAT_HEADERS[name][0] == "user_id" else "item"
    return suffix(path)[1:] if suffix(path) in (".item", ".user") else ""


def _table(path: Path) -> tuple[list[str], Iterator[Row]]:
    header, first = _DAT_HEADERS.get(stem(path) + suffix(path)), next(read_lines(path), "")
    mark = "::" if "::" in first else "|"
    if header is None or mark not in first:
        table = text_table(path, headed=True)
        return list(table.names), (row for _, row in table.rows)
    cells = (text.split(mark) for text in read_lines(path))
    return header, (_row(header, row) for row in cells)


def _row(header: list[str], cells: list[str]) -> Row:
    last, genres = len(header) - 1, _GENRES.split()
    if len(cells) - last == len(genres):
        flags = zip(genres, cells[last:], strict=True)
        cells = [*cells[:last], "|".join(genre for genre, flag in flags if flag == "1")]
    return dict(zip(header, cells, strict=False))


def _item(row: dict[str, str]) -> dict[str, Any]:
    document: dict[str, Any] = {}
    if name := _taken(row, _NAME):
        document["name"] = name
    if brand := _taken(row, _BRAND):
        document["brand"] = brand
    if words := _taken(row, _CATEGORIES):
        # RecBole's token sequences are separated by blanks, others by bars or commas.
        mark = next((mark for mark in "|," if mark in words), None)
        parts = [part.strip() for part in words.split(mark)]
        document["categories"] = [part for part in parts if part][:_MOST_CATEGORIES]
    if row:
        document["attributes"] = _clean(row)
    return document


def _user(row: dict[str, str]) -> dict[str, Any]:
    traits = {name: value for name, value in _clean(row).items() if plain(name) not in _PERSONAL}
    return {"traits": traits} if traits else {}


def _clean(row: dict[str, str]) -> dict[str, str]:
    return {name.split(":")[0]: value[:256] for name, value in row.items()}


def _taken(row: dict[str, str], names: tuple[str, ...]) -> str | None:
    column = find(list(row), names)
    return None if column is None else row.pop(column)
