"""Which format is this? Opens any data set that can be replayed, and says how it reads it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path

from recaug.errors import Failure
from recaug.events.aliases.said import is_event, understood
from recaug.replay import lines, lists
from recaug.replay.choice import Choice
from recaug.replay.columns import Columns
from recaug.replay.documents import documented
from recaug.replay.files import PARQUET, encoding, head, read_lines, suffix
from recaug.replay.happening import Happening, Tally
from recaug.replay.headless import guessed, time_column
from recaug.replay.names import NAMES, find
from recaug.replay.order import placed
from recaug.replay.periods import period_files, sessions
from recaug.replay.tables import Rows, Table, happenings, parquet_table, text_table

#: Lines looked at to tell one form of lines from another.
_PEEK = 50
_MAP = "--map user=COLUMN,item=COLUMN,time=COLUMN"
#: What ends words of a text, and no id of a list.
_PUNCTUATION = ".,:;!?)"
_FORMATS = "give JSON lines, CSV, Parquet, RecBole .inter, MovieLens, or `user item` lines"


@dataclass(slots=True)
class Source:
    """`happenings` is read once; `tally` is complete after that. `timed`: `at` is a real time."""

    path: Path
    form: str
    note: str
    tally: Tally
    timed: bool
    happenings: Iterator[Happening]


def open_source(path: Path, choice: Choice | None = None) -> Source:
    """Open a data set, telling its format by its first lines.

    :param choice: which column is what, where a person said so.

    :raises Failure: it is no format that can be replayed, or cannot be read.
    """
    choice = choice or Choice()
    if path.is_dir():
        return _directory(path)
    source = _file(path, choice)
    if source.form != "Parquet" and (other := encoding(path)):
        source.note += f"; read as {other}, for it is not UTF-8"
    return source


def require_used(source: Source) -> None:
    """Once all is read. :raises Failure: no line was of use; says why the first was not."""
    if not source.tally.used:
        raise Failure(
            f"{source.path.name} holds no event",
            f"{_none(source.tally)} ({source.note})",
            _mend(source),
        )


def _none(tally: Tally) -> str:
    if tally.lines == tally.headers:
        return "it has no rows"
    return f"of {tally.lines:,} lines none is of use: {tally.reasons()}"


def _mend(source: Source) -> str:
    reason = next((reason for reason, _ in source.tally.unusable.most_common(1)), "")
    if reason == "without a readable time":
        return (
            "write times as 2024-01-31T16:00:00, or in seconds since 1970, or name another column:"
            " --map time=COLUMN   (--map time= for none)"
        )
    if "kind" in reason:
        return "say what every row is: --map event=click   (or view, add_to_cart, purchase …)"
    if reason == "not JSON":
        return f"write one object a line: jq -c . {source.path.name} > events.jsonl"
    return f"name the columns: {_MAP}"


def _file(path: Path, choice: Choice) -> Source:
    if suffix(path) in (".parquet", ".pq") or head(path, len(PARQUET)) == PARQUET:
        return _parquet(path, choice)
    if kind := documented(path):
        raise _no_events(path, kind)
    first = next((line for line in read_lines(path) if line.strip()), "")
    if not first:
        raise Failure(f"{path} is empty", "there is nothing to replay", "name another file")
    if first.lstrip().startswith(("{", "[")):
        return _json(path, choice)
    if "::" in first:
        return _ratings(path, choice)
    if suffix(path) == ".inter" or any(c in first for c in "\t,;|"):
        return _table(path, "RecBole atomic file" if suffix(path) == ".inter" else "table", choice)
    return _list(path, choice)


def _table(path: Path, form: str, choice: Choice) -> Source:
    headed = False if choice.by_number and not _known(path) else None
    table = text_table(path, headed)
    note = ""
    if table.header is None:
        choice = _filled(path, table, choice)
        note = "no header, columns by their numbers; "
    columns = _timed(Columns.of(table.names, path.name, choice), table, choice)
    headers = 0 if table.header is None else 1
    tally = Tally(lines=headers, headers=headers)
    return _of_rows(path, form, note, columns, tally, table.rows)


def _timed(columns: Columns, table: Table, choice: Choice) -> Columns:
    """With the column that holds times, if none is called one and nobody said there is none."""
    if columns.timed or "time" in choice.roles:
        return columns
    free = [[row[table.names.index(name)] for name in columns.unused] for row in table.head
            if len(row) >= len(table.names)]  # fmt: skip
    found = time_column(columns.unused, free)
    return columns if found is None else columns.timed_by(columns.unused[found])


def _known(path: Path) -> bool:
    """Whether the first line names a user or an item as a header does."""
    header = text_table(path, headed=True).header or ()
    return any(find(header, NAMES[role]) for role in ("user", "item"))


def _filled(path: Path, table: Table, choice: Choice) -> Choice:
    """What was not said about columns without names, taken from what they hold."""
    guess = guessed(table.head)
    if guess is None and not {"user", "item"} <= choice.roles.keys():
        raise Failure(
            f"{path.name} has no header",
            f"its first line is {', '.join(table.head[0])[:60]}: nothing says which column is what",
            "put a line before it, e.g. user_id,item_id,timestamp, or say it: --map user=1,item=2",
        )
    # A column that somebody chose is nothing else.
    taken = set(choice.roles.values())
    free = {r: n for r, n in (guess.roles if guess else {}).items() if n not in taken}
    return Choice({**free, **choice.roles})


def _of_rows(
    path: Path, form: str, note: str, columns: Columns, tally: Tally, rows: Rows
) -> Source:
    found = happenings(rows, columns, tally)
    wrong = f"; if that is wrong: {_MAP}" if note or columns.guessed else ""
    note += columns.note() + wrong
    if columns.timed:
        return Source(path, form, note, tally, True, found)
    return _ordered(path, form, note, tally, found)


def _ordered(path: Path, form: str, note: str, tally: Tally, found: Iterator[Happening]) -> Source:
    by_user, rows = placed(found)
    how = "users side by side, each in its own order" if by_user else "in the order of the file"
    return Source(path, form, f"{note}; {how}", tally, False, rows)


def _parquet(path: Path, choice: Choice) -> Source:
    header, rows = parquet_table(path)
    first = list(islice(rows, _PEEK))
    numbered = enumerate(chain(first, rows), 1)
    if not choice.roles and any(map(understood, first)):
        return _events(path, "Parquet", numbered)
    return _of_rows(
        path, "Parquet", "", Columns.of(header, path.name, choice), Tally(), iter(numbered)
    )


def _json(path: Path, choice: Choice) -> Source:
    found = lines.parsed(path)
    first = list(islice(found, _PEEK))
    values = [value for _, value in first if isinstance(value, dict)]
    if not values:
        raise _no_lines(path)
    everything = chain(first, found)
    if not choice.roles and any(map(understood, values)):
        return _events(path, "JSON lines", everything)
    header = list(dict.fromkeys(name for value in values for name in value))
    try:
        columns = Columns.of(header, path.name, choice)
    except Failure:
        if choice.roles or not any(map(is_event, values)):
            raise
        return _events(path, "JSON lines", everything)
    tally = Tally()
    return _of_rows(path, "JSON lines", "", columns, tally, lines.rows(everything, tally))


def _events(path: Path, form: str, found: lines.Parsed) -> Source:
    tally = Tally()
    return Source(path, form, "events as they are", tally, True, lines.events(found, tally))


def _no_lines(path: Path) -> Failure:
    return Failure(
        f"{path.name} holds no JSON object on a line of its own",
        "line 1 begins one that goes on over several lines, or is broken",
        f"jq -c . {path.name} > events.jsonl",
    )


def _no_events(path: Path, kind: str) -> Failure:
    return Failure(
        f"{path.name} holds no events",
        f"it describes {kind}s",
        "name the file of events beside it: what describes its items and users is read with it",
    )


def _ratings(path: Path, choice: Choice) -> Source:
    columns = Columns.of(lists.RATINGS, path.name, choice)
    tally = Tally()
    found = lists.double_colons(read_lines(path), columns, tally)
    return Source(path, "MovieLens ::", columns.note(), tally, columns.timed, found)


def _list(path: Path, choice: Choice) -> Source:
    everything = read_lines(path)
    first = list(islice(everything, _PEEK))
    tally, rows = Tally(), chain(first, everything)
    words = [line.split() for line in first if line.strip()]
    counts = {len(line) for line in words}
    if choice.roles or _columned(words):
        return _table(path, "table", choice)
    if any(word[-1] in _PUNCTUATION for line in words for word in line):
        raise _unknown(path, " ".join(words[0]))
    if counts == {2}:
        found = lists.pairs(rows, tally)
        return _ordered(path, "user item list", "every line a click", tally, found)
    if sum(len(line) > 1 for line in words) <= len(words) / 2:
        raise _unknown(path, " ".join(words[0]))
    found = lists.histories(rows, tally)
    return _ordered(path, "user and its items a line", "every item a click", tally, found)


def _columned(words: list[list[str]]) -> bool:
    """Whether lines of words are columns: a header names them, or the last is always a time."""
    if find(words[0], NAMES["user"]) and find(words[0], NAMES["item"]):
        return True
    found = guessed(words) if len({len(line) for line in words}) == 1 else None
    return found is not None and "time" in found.roles


def _directory(path: Path) -> Source:
    files, tally = period_files(path), Tally()
    note = f"{len(files)} periods of `session item` lines, in their order"
    return Source(path, "directory", note, tally, False, sessions(files, tally))


def _unknown(path: Path, first: str) -> Failure:
    return Failure(
        f"{path.name} is in no format that can be replayed",
        f"its first line is {first[:60]!r}",
        _FORMATS,
    )
