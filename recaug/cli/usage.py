"""What somebody typed wrongly, or what the machine refuses, in the three lines of every failure."""

from __future__ import annotations

from typing import Any

from recaug.errors import Failure, Usage


def explain(error: Any, typed: str) -> Usage | None:
    """Return a usage error of the command line as a failure; None where its help was shown.

    :param error: a `UsageError` of Typer's, which exports no class to name here.
    :param typed: the command that was meant, where the error does not say.
    """
    told = error.format_message()
    if not told:  # a command without arguments has shown its help and says nothing more
        return None
    context = getattr(error, "ctx", None)
    if context is not None:
        typed = context.command_path
    what, why = _parts(error, told.strip(), context)
    return Usage(what, why, f"{typed} --help")


def _parts(error: Any, told: str, context: Any) -> tuple[str, str]:
    if hasattr(error, "possibilities"):  # an option that is none
        return error.message, _instead(error.possibilities) or _has(context, "--")
    if told.startswith("Invalid value"):
        what, _, why = told.partition(": ")
        return what, why
    if told.startswith("Missing"):
        return told.split(". ")[0].rstrip("."), _needs(error.param) or _usage(context)
    if context is None:
        return told.rstrip("."), "a value has to follow it"
    what, found, why = told.partition(". Did you mean ")
    if found:
        return what, f"did you mean {why}"
    return told.rstrip("."), _has(context, "") if "command" in told else _usage(context)


def _instead(possibilities: Any) -> str:
    return f"did you mean {' or '.join(sorted(possibilities))}?" if possibilities else ""


def _has(context: Any, kind: str) -> str:
    """What there is instead: the commands of a family, or (`--`) the options of a command."""
    if kind:
        names = [max(p.opts, key=len) for p in context.command.params if p.opts[0].startswith("-")]
    else:
        names = list(getattr(context.command, "commands", {}))
    return f"{context.command_path} has {', '.join(names)}" if names else _usage(context)


def _needs(parameter: Any) -> str:
    return f"it is needed: {parameter.help}" if getattr(parameter, "help", None) else ""


def _usage(context: Any) -> str:
    return f"it is used so: {' '.join(context.get_usage().removeprefix('Usage:').split())}"


def surroundings(error: Exception) -> Failure | None:
    """Return what a broker or a file system refused as a failure; None for anything else: a bug."""
    # By name, for a command that needs no Kafka must not import its client to fail.
    names = [f"{kind.__module__}.{kind.__name__}" for kind in type(error).__mro__]
    if "kafka.errors.KafkaError" in names:
        why = f"{type(error).__name__} {error}".strip()
        return Failure("Kafka did not do what was asked", why, "recaug doctor")
    if isinstance(error, OSError) and error.filename is not None:
        why = error.strerror or type(error).__name__
        return Failure(f"{error.filename} cannot be used", why, f"ls -ld {error.filename}")
    return None
