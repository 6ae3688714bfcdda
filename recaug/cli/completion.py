"""`recaug completion`: the script that lets a shell complete commands, options and choices."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from recaug.cli import COMPLETE, NAME


class Shell(StrEnum):
    """Shells there is a script for."""

    BASH = "bash"
    ZSH = "zsh"
    FISH = "fish"


def completion(
    shell: Annotated[Shell, typer.Argument(metavar="SHELL", help="bash, zsh or fish.")],
) -> None:
    """Print the script that makes a shell complete `recaug`.

    `recaug --install-completion` puts it where the shell you are in reads it
    at its next start.

    \b
      recaug completion bash >> ~/.bashrc
      recaug completion fish > ~/.config/fish/completions/recaug.fish
    """
    from typer.completion import get_completion_script  # type: ignore[attr-defined]

    typer.echo(get_completion_script(prog_name=NAME, complete_var=COMPLETE, shell=shell.value))
