"""`recaug dlq`: what was refused, why, how to mend it; sent again, or dropped."""

from __future__ import annotations

import sys
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import orjson
import typer

from recaug.cli import dlq_choose as choose
from recaug.cli import dlq_show as look
from recaug.cli.columns import Format, FormatOption
from recaug.cli.connection import DataDirOption, KafkaOption, connect
from recaug.cli.tables import TableFormat, TableOption
from recaug.cli.tables import show as show_table
from recaug.errors import Failure, Usage

if TYPE_CHECKING:
    from recaug.deadletters.again import Ready
    from recaug.settings import Settings

app = typer.Typer(no_args_is_help=True)

TITLES = ("REASON", "OPEN", "RETRIED", "DROPPED", "NEWEST", "MEANS")

LettersArgument = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[LETTER]...",
        help="topic:partition:offset of the refused record, as `show` names it.",
        show_default=False,
    ),
]
ReasonOption = Annotated[
    str | None, typer.Option("--reason", "-r", help="Only this one.", show_default=False)
]
SinceOption = Annotated[
    str | None,
    typer.Option(
        "--since", metavar="TIME", help="Refused since: 90s, 5m, 2h. Default: all that is kept.",
        show_default=False,
    ),
]  # fmt: skip
AllOption = Annotated[bool, typer.Option("--all", "-a", help="Those retried or dropped as well.")]
LimitOption = Annotated[
    int | None,
    typer.Option("--limit", "-n", min=1, help="At most so many, the oldest.", show_default=False),
]
DryRunOption = Annotated[bool, typer.Option("--dry-run", help="Say what would be done.")]
YesOption = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]


@app.callback()
def dlq() -> None:
    """List, show, mend and send again, or drop rejected events.

    \b
      recaug dlq list
      recaug dlq show --reason missing_field -n 3
      recaug dlq retry clickstream:1:42 --set item_id=sku-10001
    """


@app.command("list")
def list_(
    since: SinceOption = None,
    form: TableOption = TableFormat.TEXT,
    kafka: KafkaOption = None,
    data_dir: DataDirOption = None,
) -> None:
    """Count the rejected events by reason, and what was done about them.

    \b
      recaug dlq list
      recaug dlq list --since 1h -f jsonl
    """
    from recaug.deadletters.letters import read
    from recaug.deadletters.marks import Fate

    counts: Counter[tuple[str, Fate]] = Counter()
    newest: dict[str, int] = {}
    for letter in read(connect(kafka, None, data_dir), choose.ago(since)):
        reason = letter.about.reason or "unknown"
        counts[reason, letter.fate] += 1
        newest[reason] = max(newest.get(reason, 0), letter.at_ms)
    show_table(
        form,
        [look.row(reason, counts, newest[reason]) for reason in look.by_open(counts)],
        TITLES,
        right=TITLES[1:4],
    )
    opened = sum(n for (_, fate), n in counts.items() if fate is Fate.OPEN)
    typer.echo(f"{opened:,} of {counts.total():,} dead letters are open", err=True)


@app.command()
def show(
    letters: LettersArgument = None,
    reason: ReasonOption = None,
    number: Annotated[int, typer.Option("-n", min=1, help="How many, the newest.")] = 10,
    everything: AllOption = False,
    raw: Annotated[
        bool, typer.Option("--raw", help="The bytes of one letter's value and nothing else.")
    ] = False,
    form: FormatOption = Format.TEXT,
    kafka: KafkaOption = None,
    data_dir: DataDirOption = None,
) -> None:
    """Show rejected events: which field, why, and what to type to mend it.

    The newest that nothing was done about yet, or those named. Counts per
    reason go to stderr. JSON is one object a line; a value that is no text has
    its bytes replaced there, and --raw writes them as they are.

    \b
      recaug dlq show
      recaug dlq show --reason bad_json -n 3 -f json
      recaug dlq show clickstream:1:42 --raw > event.json
    """
    from recaug.deadletters.letters import find

    settings = connect(kafka, None, data_dir)
    if raw and len(letters or ()) != 1:
        raise Usage("--raw shows one letter", "bytes of several cannot be told apart", "name it")
    if letters:
        chosen, told = find(settings, letters), ""
    else:
        chosen, told = choose.newest(settings, reason, number, everything)
    if raw:
        sys.stdout.buffer.write(chosen[0].about.value or b"")
        return
    for letter in chosen:
        shown = look.as_json(letter)
        typer.echo(orjson.dumps(shown) if form is Format.JSON else look.text(shown))
    typer.echo(told, err=True, nl=bool(told))


@app.command()
def retry(
    letters: LettersArgument = None,
    reason: ReasonOption = None,
    fields: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            "-s",
            metavar="FIELD=VALUE",
            help="Set a field first; repeat for more.",
            show_default=False,
        ),
    ] = None,
    source: Annotated[
        Path | None,
        typer.Option(
            "--from",
            metavar="FILE",
            help="The whole mended value; - is standard input.",
            show_default=False,
        ),
    ] = None,
    key: Annotated[
        str | None, typer.Option("--key", help="Another key.", show_default=False)
    ] = None,
    limit: LimitOption = None,
    dry_run: DryRunOption = False,
    yes: YesOption = False,
    kafka: KafkaOption = None,
    data_dir: DataDirOption = None,
) -> None:
    """Send rejected events again, mended or as they were, to the topic they were in.

    Each is checked first as clean would check it; what would be refused again
    is not sent. One event is sent again three times at most: the header
    __streams.errors.count goes with it. Without LETTER all open ones of --reason.

    Exit code: 0 all were sent, 1 some were not, with the reason.

    \b
      recaug dlq retry clickstream:1:42 --set item_id=sku-10001
      recaug dlq retry clickstream:1:42 --from event.json
      recaug dlq retry --reason user_flood --limit 100 --dry-run
    """  # fmt: skip
    from recaug.deadletters import again

    settings = connect(kafka, None, data_dir)
    chosen = choose.chosen(settings, letters, reason, limit)
    mend = choose.mend(fields or [], source, key, len(chosen))
    now_ms = time.time_ns() // 1_000_000
    erased = again.erased(settings)
    judged = [(one, again.prepare(settings, one, mend, erased, now_ms)) for one in chosen]
    ready = [found for _, found in judged if isinstance(found, again.Ready)]
    for letter, why in judged:
        if isinstance(why, str):
            typer.echo(f"{letter.name}  not sent: {why}", err=True)
    if dry_run:
        _say_ready(ready)
    elif ready:
        _confirm(yes, f"Send {len(ready):,} of {len(judged):,} again?", len(ready))
        _send(settings, ready)
    done = "would be sent" if dry_run else "sent"
    typer.echo(f"{len(ready):,} of {len(judged):,} {done} again", err=True)
    raise typer.Exit(0 if len(ready) == len(judged) else 1)


@app.command()
def drop(
    letters: LettersArgument = None,
    reason: ReasonOption = None,
    limit: LimitOption = None,
    dry_run: DryRunOption = False,
    yes: YesOption = False,
    kafka: KafkaOption = None,
    data_dir: DataDirOption = None,
) -> None:
    """Mark rejected events as done with: they are not listed as open any more.

    Nothing is deleted; the letters go when they are 14 days old. Without LETTER
    all open ones of --reason.

    \b
      recaug dlq drop clickstream:1:42
      recaug dlq drop --reason bot --yes
    """
    from recaug.deadletters.letters import mark
    from recaug.deadletters.marks import Fate
    from recaug.kafka import producer

    settings = connect(kafka, None, data_dir)
    chosen = [
        one for one in choose.chosen(settings, letters, reason, limit) if one.fate is Fate.OPEN
    ]
    if chosen and not dry_run:
        _confirm(yes, f"Drop {len(chosen):,} dead letters?", len(chosen))
        client = producer(settings.broker)
        try:
            for letter in chosen:
                mark(client, settings, letter, Fate.DROPPED)
        finally:
            client.close()
    for letter in chosen:
        typer.echo(letter.name)
    done = "would be dropped" if dry_run else "dropped"
    typer.echo(f"{len(chosen):,} {done}", err=True)


def _confirm(yes: bool, question: str, letters: int) -> None:
    """One that was named is meant; of many somebody may have another idea."""
    if yes or letters == 1:
        return
    if not sys.stdin.isatty():
        raise Usage("nothing was done", f"nobody is there to be asked: {question}", "add --yes")
    typer.confirm(question, abort=True, err=True)


def _send(settings: Settings, ready: list[Ready]) -> None:
    from kafka.errors import KafkaError

    from recaug.deadletters.again import send
    from recaug.kafka import producer

    client = producer(settings.broker, linger_ms=0)
    try:
        for one in ready:
            typer.echo(f"{one.letter.name}  → {send(client, settings, one)}")
    except KafkaError as error:
        raise Failure(
            "the broker took no more", str(error), "run it again: what was sent is marked"
        ) from error
    finally:
        client.close()


def _say_ready(ready: list[Ready]) -> None:
    for one in ready:
        value = (one.value or b"").decode(errors="replace")
        typer.echo(f"{one.letter.name}  → {one.topic}  {look.excerpt(value)}")
