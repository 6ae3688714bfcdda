"""`recaug replay`: publish a data set in time order."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING, Annotated

import typer

from recaug.cli.connection import DataDirOption, KafkaOption, connect
from recaug.cli.mapping import MapOption

if TYPE_CHECKING:
    from pathlib import Path

    from recaug.producer import Producer
    from recaug.replay import Source, Speed


def replay(
    target: Annotated[
        str,
        typer.Argument(
            metavar="PATH[:SPEED]",
            help="A file or a directory of periods, and how fast: max (default), 10x real time, or"
            " 500 events per second.",
        ),
    ],
    keep_time: Annotated[
        bool, typer.Option("--keep-time", help="Leave event times as they are in the file.")
    ] = False,
    for_s: Annotated[
        float | None,
        typer.Option(
            "--for",
            metavar="SECONDS",
            min=0,
            help="Stop after so long. Default: at the end of the file.",
            show_default=False,
        ),
    ] = None,
    same_ids: Annotated[
        bool,
        typer.Option(
            "--same-ids", help="The ids of the last replay too, so that all are duplicates."
        ),
    ] = False,
    mapping: MapOption = "",
    kafka: KafkaOption = None,
    data_dir: DataDirOption = None,
) -> None:
    """Publish a data set in time order.

    Reads JSON lines (our events, GA4, Segment, Snowplow, Metarank; or rows),
    CSV and TSV, Parquet, RecBole .inter, MovieLens (u.data, `::`, csv),
    `user item` lists, plain, gzip or zstd, or a directory of period_0.txt,
    period_1.txt ... of `session item` lines. Says which column it takes for
    what: `--map` says otherwise. Titles beside the data (.item, items.tsv,
    movies.dat, u.item ...) are published first. Event times
    move to now, the spacing kept at the chosen speed; the original stays in
    properties.original_timestamp.

    \b
      recaug replay ml-100k.inter.gz
      recaug replay clicks.csv:500 --for 60
      recaug replay orders.csv --map user=customer,item=sku,event=purchase
    """
    from recaug.producer import Producer
    from recaug.publish import Meter, Stop
    from recaug.replay import Choice, in_time_order, open_source, split_target
    from recaug.replay.player import Clock, Stamp, play, when_due
    from recaug.replay.source import require_used

    path, speed = split_target(target)
    source = open_source(path, Choice.of(mapping))
    _refuse_untimed(source, speed, keep_time)
    _say(f"{path.name}: {source.form}; {source.note}")
    count, happenings = in_time_order(source.happenings)
    require_used(source)
    settings = connect(kafka, None, data_dir)
    clock = Clock(time.monotonic, _now_ms)
    stamp = Stamp(_name(path), "" if same_ids else f"{_now_ms():x}", keep_time)
    with Stop() as stop, Producer(settings.broker, settings.prefix, linger_ms=20) as producer:
        _send_documents(path, producer)
        _say(f"{count:,} events to {settings.kafka}, {speed}")
        start_s = time.monotonic()
        with Meter("replay", count) as meter:
            due = when_due(happenings, speed, clock, stop, for_s)
            sent = play(due, stamp, producer, meter, clock)
        took_s = time.monotonic() - start_s
    _say(f"published {sent:,} of {count:,} events in {took_s:.1f} s ({sent / took_s:,.0f}/s)")
    _account(source)


def _refuse_untimed(source: Source, speed: Speed, keep_time: bool) -> None:
    from recaug.errors import Failure

    if not source.timed and (keep_time or speed.factor is not None):
        raise Failure(
            f"{source.path.name} has no times",
            f"{'--keep-time' if keep_time else 'a multiple of real time'} needs them",
            f"recaug replay {source.path}:max   (or events per second, like :500)",
        )


def _send_documents(path: Path, producer: Producer) -> None:
    from recaug.replay.documents import documents_beside

    for documents in documents_beside(path):
        count = 0
        for document in documents.read(_now_ms()):
            producer.send(document)
            count += 1
        producer.flush()
        _say(f"{count:,} {documents.kind} documents from {documents.path.name}")


def _account(source: Source) -> None:
    tally = source.tally
    line = f"{tally.used:,} of {tally.lines:,} lines used"
    _say(f"{line}; not used: {tally.reasons()}" if tally.reasons() else line)


def _name(path: Path) -> str:
    """The data set's name as ids may have it."""
    from recaug.replay.files import stem

    return re.sub(r"[^A-Za-z0-9_-]+", "-", stem(path))[:60]


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


def _say(line: str) -> None:
    typer.echo(line, err=True)
