"""The reference of all commands, written from their help: docs/commands.md.

python -m recaug.cli.reference            write it
python -m recaug.cli.reference --check    fail where it is out of date
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from typing import Any

from typer.main import get_command

from recaug.cli import COMMANDS, NAME, app

PAGE = Path("docs/commands.md")

HEAD = """# Commands

Written from the commands themselves by `python -m recaug.cli.reference`; each says the same with
`--help`.

Data goes to stdout and everything else to stderr. Exit codes, unless a command says otherwise:
0 well, 1 warning, 2 failed, 3 unreachable, 64 wrong usage, 130 interrupted. What goes wrong is told
in three lines: what, why, what to type. What no option says comes from the environment
(`RECAUG_*`), else from the instance that runs in the data directory, else it is the default:
`recaug config show --origin` says which.
"""

#: Values by their type, where the option names none itself.
NAMED: dict[Any, str] = {int: "N", float: "NUMBER", str: "TEXT", Path: "PATH"}

COMPLETION = """## Completion

`recaug --install-completion` makes bash, zsh or fish complete commands, options and choices;
`recaug completion SHELL` prints the script alone.
"""


def page() -> str:
    """Return the whole reference, as Markdown."""
    rows = [f"| [`{NAME} {name}`](#{NAME}-{name}) | {line} |" for name, line in COMMANDS.items()]
    parts = [HEAD, "| command | does |\n|---|---|\n" + "\n".join(rows) + "\n"]
    for name in COMMANDS:
        command = get_command(app(name)).commands[name]  # type: ignore[attr-defined]
        parts += _command(command, f"{NAME} {name}", 2)
    return "\n".join([*parts, COMPLETION])


def _command(command: Any, path: str, level: int) -> Iterator[str]:
    words, examples = _help(command)
    yield f"{'#' * level} {path}\n"
    yield f"{words}\n"
    if examples:
        yield f"```bash\n{examples}\n```\n"
    options = [row for parameter in command.params if (row := _parameter(parameter))]
    if options:
        yield "| | |\n|---|---|\n" + "\n".join(options) + "\n"
    for name, inner in getattr(command, "commands", {}).items():
        yield from _command(inner, f"{path} {name}", level + 1)


def _help(command: Any) -> tuple[str, str]:
    """What a command does, and its examples, which stand behind a `\\b` in its docstring."""
    text = inspect.cleandoc(command.help or "")
    words, _, examples = text.partition("\b")
    return words.strip(), inspect.cleandoc(examples)


def _parameter(parameter: Any) -> str:
    told = _bar(" ".join((getattr(parameter, "help", None) or "").split()))
    if not parameter.opts or "--help" in parameter.opts:
        return ""
    if not parameter.opts[0].startswith("-"):
        return f"| `{parameter.metavar or parameter.name.upper()}` | {told} |"
    names = ", ".join(f"`{name}`" for name in sorted(parameter.opts, key=len, reverse=True))
    return f"| {names}{_value(parameter)} | {told}{_default(parameter)} |"


def _value(parameter: Any) -> str:
    """What stands behind an option: its choices, or what kind of thing."""
    if parameter.is_flag:
        return ""
    kind = parameter.type_descriptor.annotation
    if isinstance(kind, type) and issubclass(kind, Enum):
        return f" `{'`, `'.join(str(choice.value) for choice in kind)}`"
    return f" `{_bar(parameter.metavar or NAMED.get(kind, 'VALUE'))}`"


def _bar(text: str) -> str:
    """A bar would end the cell of the table."""
    return text.replace("|", "\\|")


def _default(parameter: Any) -> str:
    default = parameter.default
    if default is None or isinstance(default, bool) or callable(default) or default in ("", []):
        return ""
    return f" Default: `{getattr(default, 'value', default)}`."


def main(arguments: list[str]) -> int:
    """Write the page, or compare it; return the exit code."""
    written = page()
    if "--check" not in arguments:
        PAGE.write_text(written)
        return 0
    if PAGE.exists() and PAGE.read_text() == written:
        return 0
    sys.stderr.write(
        f"error: {PAGE} is out of date\nwhy:   a command says something else\n"
        "try:   python -m recaug.cli.reference\n"
    )
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
