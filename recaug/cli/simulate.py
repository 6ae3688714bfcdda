"""`recaug simulate`: publish made-up shoppers whose tastes are known."""

from __future__ import annotations

import time
from typing import Annotated

import typer

from recaug.cli.connection import DataDirOption, KafkaOption, connect


def simulate(
    rate: Annotated[float, typer.Option(min=0.01, help="Messages per second.")] = 300.0,
    users: Annotated[int, typer.Option(min=1, help="Shoppers.")] = 2_000,
    items: Annotated[int, typer.Option(min=1, help="Items in the shop.")] = 2_000,
    seed: Annotated[int, typer.Option(help="The same seed sends the same events.")] = 1,
    for_s: Annotated[
        float | None,
        typer.Option(
            "--for",
            metavar="SECONDS",
            min=0,
            help="Stop after so long. Default: when interrupted.",
            show_default=False,
        ),
    ] = None,
    bad: Annotated[
        float, typer.Option(min=0, max=1, help="Share of messages that are bad: 0.01 is 1 %.")
    ] = 0.0,
    same_ids: Annotated[
        bool,
        typer.Option(
            "--same-ids", help="The ids of the last run too, so that all events are duplicates."
        ),
    ] = False,
    kafka: KafkaOption = None,
    data_dir: DataDirOption = None,
) -> None:
    """Publish made-up shoppers whose tastes are known.

    A shop of real-looking goods; people who browse along series, accessories
    and what goes together, search, buy, like and comment, and whose tastes
    drift. Items and users are published first, then events at a steady rate
    until Ctrl-C.

    \b
      recaug simulate --rate 300
      recaug simulate --rate 50 --users 100 --bad 0.05 --for 60
    """
    from recaug.pace import Pace
    from recaug.producer import Producer
    from recaug.publish import Meter, Stop
    from recaug.simulate import Spoiler, World
    from recaug.simulate.traffic import send_documents, send_events

    settings = connect(kafka, None, data_dir)
    world = World(seed, users, items, run="" if same_ids else _run_name(time.time_ns()))
    with Stop() as stop, Producer(settings.broker, settings.prefix) as producer:
        count = send_documents(world, producer, _now_ms())
        _say(f"{count:,} items and users published to {settings.kafka}; now {rate:g} events/s")
        pace = Pace(rate, time.monotonic())
        with Meter("simulate") as meter:
            sent = send_events(
                world,
                Spoiler(seed, bad),
                producer,
                pace,
                stop,
                meter,
                time.monotonic,
                _now_ms,
                for_s,
            )
    _say(f"published {sent.total:,} events in {sent.seconds:.1f} s: {_counts(sent.events)}")
    if sent.faults:
        _say(f"{sent.faults.total():,} of them bad: {_counts(sent.faults)}")


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


def _run_name(at_ns: int) -> str:
    """A short name for a run that starts now."""
    return f"{at_ns // 1_000_000:x}"


def _counts(counted: dict[str, int]) -> str:
    ordered = sorted(counted.items(), key=lambda pair: -pair[1])
    return ", ".join(f"{count:,} {name}" for name, count in ordered)


def _say(line: str) -> None:
    typer.echo(line, err=True)
