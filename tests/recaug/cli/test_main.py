"""The command line: what it lists, what it says when something is wrong, and its exit codes."""

from __future__ import annotations

import subprocess
import sys
import types
from collections.abc import Callable

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


def refused_by_kafka() -> None:
    from kafka.errors import TopicAuthorizationFailedError

    raise TopicAuthorizationFailedError("not yours")


def refused_by_the_disk() -> None:
    open("/proc/none/of/this", "w")  # noqa: SIM115


@pytest.mark.parametrize(
    ("refused", "what", "why"),
    [
        (refused_by_kafka, "Kafka did not do what was asked", "TopicAuthorizationFailedError"),
        (refused_by_the_disk, "/proc/none/of/this cannot be used", "No such file or directory"),
    ],
)
def test_what_the_machine_refuses_is_three_lines(
    command: types.ModuleType,
    capsys: pytest.CaptureFixture[str],
    refused: Callable[[], None],
    what: str,
    why: str,
) -> None:
    def up() -> None:
        refused()

    command.up = up  # type: ignore[attr-defined]
    assert main("up") == 2
    lines = capsys.readouterr().err.splitlines()
    assert [line[:7] for line in lines] == ["error: ", "why:   ", "try:   "]
    assert what in lines[0] and why in lines[1]


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
    ("arguments", "what", "why", "mend"),
    [
        (["upp"], "No such command 'upp'", "did you mean 'up'?", "recaug --help"),
        (["zzz"], "No such command 'zzz'", "recaug has up, ", "recaug --help"),
        (["schema", "zzz"], "No such command 'zzz'", "recaug schema has export", "recaug schema"),
        (["up", "--nonsense"], "No such option: --nonsense", "recaug up has --tr", "recaug up"),
        (["up", "--dat"], "No such option: --dat", "did you mean --data-dir?", "recaug up"),
        (["send"], "Missing argument 'EVENT'", "it is needed: click,", "recaug send"),
        (["dlq", "show", "-n", "0"], "Invalid value for '-n'", "greater than", "recaug dlq show"),
        (["dlq", "show", "-n"], "Option '-n' requires", "a value has to follow", "recaug dlq"),
        (["lag", "x", "y"], "unexpected extra argument", "recaug lag [OPTIONS]", "recaug lag"),
        (["tail", "--since", "xx"], "Invalid value for --since", "'xx' is no", "recaug tail"),
    ],
)
def test_wrong_usage_is_64_and_three_lines(
    arguments: list[str], what: str, why: str, mend: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(*arguments) == 64
    told = capsys.readouterr()
    assert told.out == ""
    lines = told.err.splitlines()
    assert [line[:7] for line in lines] == ["error: ", "why:   ", "try:   "]
    for line, part in zip(lines, (what, why, mend), strict=True):
        assert part in line
    assert lines[2].endswith(" --help")


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
