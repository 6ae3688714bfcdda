"""`recaug schema validate`: which line, which field, why."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest

from recaug.errors import Failure
from recaug.filecheck import documents
from tests.recaug.cli.shell import Shell

GOOD: dict[str, Any] = {
    "event": "click", "event_id": "e", "timestamp": 1_764_000_000_000, "user_id": "u",
    "item_id": "i",
}  # fmt: skip
BAD = {**GOOD, "item_id": None}


@pytest.fixture
def bare(capsys: pytest.CaptureFixture[str]) -> Shell:
    from recaug.settings import Settings

    return Shell(Settings(), capsys)


def judged(shell: Shell, file: Path, *options: str) -> tuple[int, list[tuple[int, str, str]]]:
    done = shell.run("schema", "validate", str(file), "-f", "json", *options)
    return done.code, [(one["line"], one["reason"], one["field"]) for one in done.lines()]


def test_lines_are_counted_from_one_and_the_field_is_named(bare: Shell, tmp_path: Path) -> None:
    file = tmp_path / "events.jsonl"
    rows = [GOOD, BAD, {**GOOD, "event": "clik"}, GOOD]
    file.write_text("\n".join(map(json.dumps, rows)) + "\n")
    assert judged(bare, file) == (
        1,
        [(2, "missing_field", "item_id"), (3, "unknown_event", "event")],
    )
    text = bare.run("schema", "validate", str(file))
    assert text.out.splitlines()[0].startswith(
        f"{file}:2 missing_field: item_id is missing: add it"
    )
    assert "4 lines, 2 would be refused" in text.err


@pytest.mark.parametrize("indent", [None, 2])
def test_an_array_is_read_as_one(bare: Shell, tmp_path: Path, indent: int | None) -> None:
    file = tmp_path / "events.json"
    file.write_text(json.dumps([GOOD, BAD], indent=indent))
    # Indented: `[`, then seven lines an object, of which the second begins behind the first.
    line = 1 if indent is None else 2 + len(GOOD) + 2
    assert judged(bare, file) == (1, [(line, "missing_field", "item_id")])


def test_documents_over_many_lines_are_read_as_they_are(bare: Shell, tmp_path: Path) -> None:
    file = tmp_path / "events.json"
    file.write_text(json.dumps(GOOD, indent=1) + "\n" + json.dumps(BAD, indent=1) + "\n")
    assert judged(bare, file) == (1, [(1 + len(GOOD) + 2, "missing_field", "item_id")])


def test_nothing_wrong_is_exit_code_zero(bare: Shell, tmp_path: Path) -> None:
    file = tmp_path / "users.json"
    file.write_text(json.dumps([{"user_id": "u", "timestamp": 1_764_000_000_000}]))
    assert judged(bare, file, "--as", "users") == (0, [])
    empty = tmp_path / "empty"
    empty.write_bytes(b"")
    assert judged(bare, empty) == (0, [])


def test_what_is_no_json_at_all_says_from_where(bare: Shell, tmp_path: Path) -> None:
    file = tmp_path / "events.json"
    file.write_text('[\n{"event": "click"},\n{"event": \n]')
    done = bare.run("schema", "validate", str(file))
    assert done.code == 2
    assert "not JSON from line 4 on" in done.err.splitlines()[0]
    missing = bare.run("schema", "validate", str(tmp_path / "none"))
    assert [line[:7] for line in missing.err.splitlines()] == ["error: ", "why:   ", "try:   "]


def test_a_document_comes_out_byte_for_byte() -> None:
    """What is checked is what was written: a key twice must still be there twice."""
    data = b'[{"a": 1, "a": 2},\n {"b": "\xc3\xa9"}]'
    assert list(documents(io.BytesIO(data))) == [
        (1, b'{"a": 1, "a": 2}'), (2, b'{"b": "\xc3\xa9"}'),
    ]  # fmt: skip
    with pytest.raises(Failure, match="UTF-8"):
        list(documents(io.BytesIO(b"[\xff]")))
