"""docs/commands.md says what the commands say."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.main import get_command

from recaug.cli import COMMANDS, app, reference

ROOT = Path(__file__).parents[3]


def test_the_page_in_the_tree_is_up_to_date(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(ROOT)
    assert reference.main(["--check"]) == 0, capsys.readouterr().err


def test_a_page_that_is_not_is_three_lines(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "docs").mkdir()
    assert reference.main(["--check"]) == 1
    lines = capsys.readouterr().err.splitlines()
    assert [line[:7] for line in lines] == ["error: ", "why:   ", "try:   "]
    assert reference.main([]) == 0
    assert reference.main(["--check"]) == 0


def test_every_option_of_every_command_is_in_it() -> None:
    page = reference.page()
    for name in COMMANDS:
        todo = [(f"recaug {name}", get_command(app(name)).commands[name])]  # type: ignore[attr-defined]
        while todo:
            path, command = todo.pop()
            section = page.split(f"# {path}\n", 1)[1].split("\n#", 1)[0]
            for parameter in command.params:
                if parameter.name != "help" and parameter.opts[0].startswith("-"):
                    assert all(f"`{opt}`" in section for opt in parameter.opts), (path, parameter)
            todo += [(f"{path} {n}", c) for n, c in getattr(command, "commands", {}).items()]
