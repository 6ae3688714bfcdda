"""`recaug page`: serve the page for an installation that runs."""

from __future__ import annotations

from typing import Annotated

import typer

from recaug.cli.connection import DataDirOption, KafkaOption, connect
from recaug.errors import Failure


def page(
    port: Annotated[int, typer.Option(help="Port to listen on.", min=1, max=65_535)] = 8080,
    host: Annotated[
        str, typer.Option(help="Address to listen on; whoever reaches it can publish events.")
    ] = "127.0.0.1",
    name: Annotated[
        list[str] | None,
        typer.Option(help="Host name the page is reached by, if not localhost; repeatable."),
    ] = None,
    kafka: KafkaOption = None,
    data_dir: DataDirOption = None,
) -> None:
    """Serve the page for a running installation.

    Live figures, models, lag, dead letters, and a shop in which your click
    changes your list. It joins no consumer group: looking changes nothing.

    \b
      recaug page
      recaug page --kafka broker:9092 --port 9000
      recaug page --host 0.0.0.0 --name shop.example
    """
    try:
        from recaug.page.server import serve
    except ModuleNotFoundError as error:
        raise Failure(
            "the page cannot be served here",
            f"the package {error.name} is not installed",
            "pip install 'recaug[local]'",
        ) from error
    from recaug.local.ports import refuse_taken

    settings = connect(kafka, None, data_dir)
    _ = settings.broker  # refused at once and not, again and again, by the threads of the page
    refuse_taken("the page", host, port, "recaug page --port {}")
    typer.echo(f"page  http://{host}:{port}   topics of {settings.kafka}", err=True)
    serve(settings, host, port, name or ())
