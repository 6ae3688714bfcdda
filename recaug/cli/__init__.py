"""The `recaug` command: one table of what there is; each part is imported when it is asked for.

Data goes to stdout and everything else to stderr. Exit codes: 0 well, 1 warning, 2 failed,
3 unreachable, 64 wrong usage, 130 interrupted.

A command `NAME` is the module `recaug.cli.NAME`, which has either a function `NAME` or, for a
family of commands, a `typer.Typer` called `app`. Its docstring is its help and holds two examples.
"""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Sequence
from typing import Any

import typer

from recaug.errors import Failure

USAGE = 64
INTERRUPTED = 130
BROKEN_PIPE = 141

#: Every command in the order a newcomer meets it, with the line `recaug --help` shows.
COMMANDS = {
    "up": "Start everything on this machine: Kafka, Redis, the services, traffic, a page.",
    "simulate": "Publish made-up shoppers whose tastes are known.",
    "replay": "Publish a data set in time order.",
    "send": "Publish one event and wait for its recommendation.",
    "tail": "Show recommendations as they are made.",
    "lag": "Show how far each service is behind, and a verdict.",
    "exporter": "Serve metrics for Prometheus: lag, verdicts, freshness, models.",
    "audit": "Account for every record: answered, rejected, missing, doubled.",
    "dlq": "Show rejected events and why they were rejected.",
    "model": "List, show and roll back models.",
    "evaluate": "Train on a data set and measure against the baselines.",
    "augment": "List augmenters, and measure what each is worth on a data set.",
    "schema": "Export JSON Schema and AsyncAPI.",
    "doctor": "Check broker, topics, store, model and clock.",
    "page": "Serve the page for a running installation.",
}

ABOUT = """A streaming recommender that learns while it serves.

\b
  recaug up          start everything here and open the page it names
  recaug lag         in another terminal: who is behind, and by how much
"""

# Typer exports the leaf of this family only, and since 0.29 it no longer depends on click.
UsageError: type[Exception] = typer.BadParameter.__mro__[1]


def main(argv: Sequence[str] | None = None) -> None:
    """Run the command line and exit; a `Failure` becomes three lines on stderr."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    sys.exit(_run(arguments))


def _run(arguments: list[str]) -> int:
    try:
        code = app(arguments[0] if arguments else "")(
            arguments, prog_name="recaug", standalone_mode=False
        )
    except Failure as failure:
        sys.stderr.write(failure.explain())
        return failure.code
    except UsageError as error:
        _show(error)
        return USAGE
    except (typer.Abort, KeyboardInterrupt):
        return INTERRUPTED
    except BrokenPipeError:
        # The reader has gone, e.g. `recaug tail | head`; the interpreter would complain at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return BROKEN_PIPE
    return code if isinstance(code, int) else 0


def app(chosen: str = "") -> typer.Typer:
    """Return the command line with `chosen` imported and every other command only listed."""
    commands = typer.Typer(
        help=ABOUT,
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    commands.callback()(_no_options)
    for name, line in COMMANDS.items():
        if name == chosen:
            _add(commands, name)
        else:
            commands.command(name, help=line)(_no_options)
    return commands


def _add(commands: typer.Typer, name: str) -> None:
    module = importlib.import_module(f"recaug.cli.{name}")
    family = getattr(module, "app", None)
    if family is None:
        commands.command(name)(getattr(module, name))
    else:
        commands.add_typer(family, name=name)


def _no_options() -> None:
    pass


def _show(error: Any) -> None:
    told = error.format_message()
    if told:  # a command without arguments has shown its help and says nothing more
        sys.stderr.write(f"error: {told}\n")
    if told and error.ctx is not None:
        sys.stderr.write(f"try:   {error.ctx.command_path} --help\n")
