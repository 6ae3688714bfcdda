"""`recaug topics`: make them, and see whether they are what they should be."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from recaug.cli.connection import DataDirOption, KafkaOption, connect
from recaug.cli.tables import TableFormat, TableOption, show
from recaug.errors import Failure

if TYPE_CHECKING:
    from recaug.settings import Settings
    from recaug.topic_check import Difference

app = typer.Typer(no_args_is_help=True)

TITLES = ("TOPIC", "SETTING", "WANTED", "FOUND")

PartitionsOption = Annotated[
    int | None,
    typer.Option(
        "--partitions",
        min=1,
        help="Of every topic keyed by user. Default: RECAUG_PARTITIONS, else as they are.",
        show_default=False,
    ),
]
ReplicationOption = Annotated[
    int | None,
    typer.Option(
        "--replication",
        min=1,
        help="Replicas of every topic. Default: RECAUG_REPLICATION, else 1.",
        show_default=False,
    ),
]


@app.callback()
def topics() -> None:
    """Create the topics, and compare them with what they should be.

    \b
      recaug topics create --partitions 24 --replication 3
      recaug topics diff
    """


@app.command()
def create(
    partitions: PartitionsOption = None,
    replication: ReplicationOption = None,
    align: Annotated[
        bool, typer.Option("--align", help="Also set what differs in topics that are there.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be done.")] = False,
    kafka: KafkaOption = None,
    data_dir: DataDirOption = None,
) -> None:
    """Create the topics that are missing; what is there stays as it is.

    Safe to run again, and while services run: they do the same at their start.
    The number of partitions of topics keyed by user cannot change later.

    \b
      recaug topics create --partitions 24 --replication 3 --dry-run
      recaug topics create --align
    """
    from recaug import topic_check as check
    from recaug.kafka import ensure_topics

    settings = _settings(kafka, data_dir, partitions, replication)
    if partitions is not None:
        _refuse_other(check.user_partitions(settings), partitions)
    made = check.plan(settings)
    for name, spec in made.items():
        count, replicas = spec["num_partitions"], spec["replication_factor"]
        typer.echo(f"{name}  {count} partitions, {replicas} replicas")
    differ = [one for one in check.differences(settings) if one.is_setting] if align else []
    for one in differ:
        typer.echo(f"{one.topic}  {one.setting} {one.found} → {one.wanted}")
    if not dry_run:
        ensure_topics(settings)
        check.align(settings, differ)
    done = "would be created" if dry_run else "created"
    typer.echo(f"{len(made)} of {len(settings.topics.all)} topics {done}", err=True)


@app.command("check")
def check_(
    partitions: PartitionsOption = None,
    replication: ReplicationOption = None,
    kafka: KafkaOption = None,
    data_dir: DataDirOption = None,
) -> None:
    """Say in one line whether the topics are as they should be.

    Exit code: 0 they are, 1 a setting differs, 2 a topic is missing or has
    another number of partitions than the others.

    \b
      recaug topics check
      recaug topics check --partitions 24 && deploy
    """
    settings = _settings(kafka, data_dir, partitions, replication)
    found = _differences(settings)
    for mend in dict.fromkeys(_mend(one, settings) for one in found):
        typer.echo(f"→ {mend}", err=True)
    total = len(settings.topics.all)
    wrong = len({one.topic for one in found})
    told = f"{wrong} of {total} topics differ" if wrong else f"{total} topics are as they should be"
    typer.echo(told)
    raise typer.Exit(max((int(one.gravity) for one in found), default=0))


@app.command()
def diff(
    partitions: PartitionsOption = None,
    replication: ReplicationOption = None,
    form: TableOption = TableFormat.TEXT,
    kafka: KafkaOption = None,
    data_dir: DataDirOption = None,
) -> None:
    """List every setting that is not as it should be: wanted, found.

    Nothing is printed where nothing differs. Exit code as of `check`.

    \b
      recaug topics diff
      recaug topics diff --partitions 24 -f jsonl
    """
    settings = _settings(kafka, data_dir, partitions, replication)
    found = _differences(settings)
    rows: list[dict[str, Any]] = [{**one.as_json(), "mend": _mend(one, settings)} for one in found]
    show(form, rows, TITLES, wide=("MEND",))
    raise typer.Exit(max((int(one.gravity) for one in found), default=0))


def _differences(settings: Settings) -> list[Difference]:
    from recaug.topic_check import differences

    return differences(settings)


def _mend(one: Difference, settings: Settings) -> str:
    """What to type."""
    from recaug import topic_check as check

    if one.setting == check.TOPIC:
        return "recaug topics create"
    if one.is_setting:
        return "recaug topics create --align"
    if one.setting == check.PARTITIONS and int(one.found) < int(one.wanted):
        return (
            f"kafka-topics.sh --bootstrap-server {settings.kafka} --alter --topic {one.topic} "
            f"--partitions {one.wanted}   (while nothing runs)"
        )
    if one.setting == check.PARTITIONS:
        return f"set RECAUG_PARTITIONS={one.found} everywhere, or make {one.topic} anew"
    return "kafka-reassign-partitions.sh   (replicas are moved by the broker's own tool)"


def _settings(
    kafka: str | None, data_dir: Any, partitions: int | None, replication: int | None
) -> Settings:
    settings = connect(kafka, None, data_dir)
    given = {"partitions": partitions, "replication": replication}
    chosen = {name: value for name, value in given.items() if value is not None}
    return settings.model_copy(update=chosen)


def _refuse_other(found: int | None, partitions: int) -> None:
    """A user's events would go on in another partition than the one that holds their state."""
    if found not in (None, partitions):
        raise Failure(
            f"no topic gets {partitions} partitions",
            f"topics keyed by user have {found} already, and all must have as many",
            f"recaug topics create --partitions {found}   (or another RECAUG_PREFIX)",
        )
