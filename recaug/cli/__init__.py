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

import typer

from recaug.errors import Failure, Usage

NAME = "recaug"
#: Set by the scripts of `recaug completion`, with the line that is being typed beside it.
COMPLETE = "_RECAUG_COMPLETE"
TYPED = ("COMP_WORDS", "_TYPER_COMPLETE_ARGS")

INTERRUPTED = 130
BROKEN_PIPE = 141

#: Every command in the order a newcomer meets it, with the line `recaug --help` shows.
COMMANDS = {
    "up": "Start everything on this machine: Kafka, Redis, the services, traffic, a page.",
    "simulate": "Publish made-up shoppers whose tastes are known.",
    "replay": "Publish a data set in time order.",
    "send": "Publish one event and wait for its recommendation.",
    "tail": "Show recommendations as they are made.",
    "lag": "Show how far each service is behind, a verdict, and what would help.",
    "top": "Show the whole installation on one screen.",
    "exporter": "Serve metrics for Prometheus: lag, verdicts, freshness, models.",
    "explain": "Show how one recommendation came about: event, state, scores, rules.",
    "audit": "Account for every record: answered, rejected, missing, doubled.",
    "dlq": "List, show, mend and send again, or drop rejected events.",
    "model": "List, show and roll back models.",
    "evaluate": "Train on a data set and measure against the baselines.",
    "augment": "List augmenters, and measure what each is worth on a data set.",
    "schema": "Export JSON Schema and AsyncAPI, check files of events.",
    "topics": "Create the topics, and compare them with what they should be.",
    "config": "Show every setting and where it came from.",
    "doctor": "Check broker, topics, store, model and clock.",
    "page": "Serve the page for a running installation.",
    "completion": "Print the script that makes a shell complete recaug.",
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
        code = app(_chosen(arguments))(arguments, prog_name=NAME, standalone_mode=False)
    except Failure as failure:
        sys.stderr.write(failure.explain())
        return failure.code
    except UsageError as error:
        return _show(error, arguments)
    except (typer.Abort, KeyboardInterrupt):
        return INTERRUPTED
    except BrokenPipeError:
        # The reader has gone, e.g. `recaug tail | head`; the interpreter would complain at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return BROKEN_PIPE
    except Exception as error:
        return _show_surroundings(error)
    return code if isinstance(code, int) else 0


def _chosen(arguments: Sequence[str]) -> str:
    """The command that is meant: of the line that is being typed, where a shell completes it."""
    if COMPLETE not in os.environ:
        return arguments[0] if arguments else ""
    typed = next((os.environ[name] for name in TYPED if name in os.environ), "")
    return (*typed.split(), "", "")[1]


def app(chosen: str = "") -> typer.Typer:
    """Return the command line with `chosen` imported and every other command only listed."""
    commands = typer.Typer(
        help=ABOUT,
        no_args_is_help=True,
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


def _show(error: Exception, arguments: Sequence[str]) -> int:
    from recaug.cli.usage import explain

    known = [name for name in arguments[:1] if name in COMMANDS]
    failure = explain(error, " ".join([NAME, *known]))
    if failure is not None:
        sys.stderr.write(failure.explain())
    return Usage.code


def _show_surroundings(error: Exception) -> int:
    """Say what the broker or the file system refused; a bug is raised again, with its traceback."""
    from recaug.cli.usage import surroundings

    failure = surroundings(error)
    if failure is None:
        raise error
    sys.stderr.write(failure.explain())
    return failure.code
