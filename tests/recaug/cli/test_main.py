"""The command line: what it lists, what it says when something is wrong, and its exit codes."""

from __future__ import annotations

import subprocess
import sys
import types

import pytest

from recaug import cli
from recaug.errors import Failure, Unreachable


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "recaug", *arguments], capture_output=True, text=True, timeout=60
    )


def main(*arguments: str) -> int | str | None:
    with pytest.raises(SystemExit) as left:
        cli.main(list(arguments))
    return left.value.code


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch) -> types.ModuleType:
    """A command `up` of the test's own."""
    module = types.ModuleType("recaug.cli.up")
    monkeypatch.setitem(sys.modules, "recaug.cli.up", module)
    return module


def test_help_lists_every_command() -> None:
    shown = run("--help")
    assert shown.returncode == 0
    assert shown.stderr == ""
    for name in cli.COMMANDS:
        assert f" {name} " in shown.stdout


@pytest.mark.parametrize("name", cli.COMMANDS)
def test_every_command_has_help_with_two_examples(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(name, "--help") == 0
    shown = capsys.readouterr().out
    assert sum(line.strip(" │").startswith(f"recaug {name}") for line in shown.splitlines()) >= 2


def test_listing_imports_no_command() -> None:
    code = (
        "import sys, recaug.cli\nrecaug.cli.app()\n"
        "print([m for m in sys.modules if m.startswith(('recaug.cli.', 'kafka', 'pydantic'))])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(("error", "code"), [(Failure, 2), (Unreachable, 3)])
def test_a_failure_is_three_lines_and_its_code(
    command: types.ModuleType,
    capsys: pytest.CaptureFixture[str],
    error: type[Failure],
    code: int,
) -> None:
    def up() -> None:
        raise error("it broke", "because\nof this", "type that")

    command.up = up  # type: ignore[attr-defined]
    assert main("up") == code
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.splitlines() == [
        "error: it broke",
        "why:   because of this",
        "try:   type that",
    ]


def test_a_bug_keeps_its_traceback(command: types.ModuleType) -> None:
    def up() -> None:
        raise ZeroDivisionError

    command.up = up  # type: ignore[attr-defined]
    with pytest.raises(ZeroDivisionError):
        cli.main(["up"])


def test_ctrl_c_is_130(command: types.ModuleType) -> None:
    def up() -> None:
        raise KeyboardInterrupt

    command.up = up  # type: ignore[attr-defined]
    assert main("up") == 130


def test_a_command_may_choose_its_code(command: types.ModuleType) -> None:
    def up() -> None:
        import typer

        raise typer.Exit(1)

    command.up = up  # type: ignore[attr-defined]
    assert main("up") == 1


@pytest.mark.parametrize(
    ("arguments", "told"), [(["uq"], "No such command"), (["up", "--nonsense"], "No such option")]
)
def test_wrong_usage_is_64(
    arguments: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(*arguments) == 64
    lines = capsys.readouterr().err.splitlines()
    assert lines[0].startswith("error: ") and told in lines[0]
    assert lines[1].endswith("--help")


def test_no_command_shows_the_help() -> None:
    shown = run()
    assert shown.returncode == 64
    assert "replay" in shown.stdout
    assert shown.stderr == ""


def test_a_reader_that_leaves_is_no_error() -> None:
    pipe = f"{sys.executable} -c 'import recaug.cli, sys\nrecaug.cli.main(sys.argv[1:])' --help"
    done = subprocess.run(
        ["bash", "-c", f"({pipe}) | true"], capture_output=True, text=True, timeout=60
    )
    assert "Traceback" not in done.stderr
