"""`--map`, for every command that reads a data set."""

from __future__ import annotations

from typing import Annotated

import typer

MapOption = Annotated[
    str,
    typer.Option(
        "--map",
        metavar="ROLE=COLUMN,...",
        help="Which column is what, where the proposal is wrong: user=, item=, time=, event=,"
        " rating=, price=, quantity=, order= ... A name, a number from 1, or nothing for none.",
        show_default=False,
    ),
]


def chosen_columns(text: str) -> str:
    """The text, once it is known to say something.

    :raises Failure: it is not `role=column,role=column`.
    """
    from recaug.replay.choice import Choice

    Choice.of(text)
    return text
