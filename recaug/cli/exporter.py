"""`recaug exporter`: metrics of an installation for Prometheus, independent of its services."""

from __future__ import annotations

from typing import Annotated

import typer

from recaug.cli.connection import DataDirOption, KafkaOption, connect
from recaug.errors import Failure

LISTEN = "127.0.0.1:9308"


def exporter(
    listen: Annotated[
        str,
        typer.Option(
            metavar="HOST:PORT", help="Address to listen on; whoever reaches it may read it."
        ),
    ] = LISTEN,
    name: Annotated[
        list[str] | None,
        typer.Option(help="Host name it is scraped by, if not localhost; repeatable."),
    ] = None,
    every_s: Annotated[
        float,
        typer.Option("--every", metavar="SECONDS", min=1, help="Time between two samples of lag."),
    ] = 5.0,
    cluster: Annotated[str, typer.Option(help="Value of the label cluster_name.")] = "recaug",
    kafka: KafkaOption = None,
    data_dir: DataDirOption = None,
) -> None:
    """Serve metrics of a running installation to Prometheus.

    Lag of every service as kafka-lag-exporter names it, verdicts, refusals,
    freshness, models, and how good lists are. Measured at the broker: it needs
    no service, joins no group and commits nothing. Paths: /metrics, /healthz
    (this process), /readyz (503 while Kafka is away), /version.

    \b
      recaug exporter
      recaug exporter --kafka broker:9092 --every 10
      recaug exporter --listen 0.0.0.0:9308 --name exporter.example
      curl -s localhost:9308/metrics | promtool check metrics
    """
    try:
        from recaug.exporter.server import Exporter, server
    except ModuleNotFoundError as error:
        raise Failure(
            "metrics cannot be served here",
            f"the package {error.name} is not installed",
            "pip install 'recaug[local]'",
        ) from error
    from recaug.exporter.watch import Watch
    from recaug.local.banner import version
    from recaug.local.ports import refuse_taken

    host, port = _address(listen)
    settings = connect(kafka, None, data_dir)
    _ = settings.broker  # refused at once and not, again and again, by the threads
    refuse_taken("the exporter", host, port, f"recaug exporter --listen {host}:{{}}")
    typer.echo(f"metrics  http://{listen}/metrics   lag at {settings.kafka}", err=True)
    server(Exporter(Watch(settings, every_s, cluster), version()), host, port, name or ()).run()


def _address(listen: str) -> tuple[str, int]:
    host, _, port = listen.rpartition(":")
    if not host or not port.isdecimal() or not 0 < int(port) < 65_536:
        raise typer.BadParameter(f"no HOST:PORT: {listen!r}, e.g. {LISTEN}")
    return host, int(port)
