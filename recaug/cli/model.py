"""`recaug model`: which models there are, what the gate said of them, and the way back."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import orjson
import typer

from recaug.cli import quality
from recaug.cli.columns import Format, FormatOption, align, paint
from recaug.cli.connection import DataDirOption, KafkaOption, connect
from recaug.errors import Failure, Unreachable

if TYPE_CHECKING:
    from recaug.prequential.totals import Totals
    from recaug.registry import Bundle, ModelRecord, Registry
    from recaug.settings import Settings

app = typer.Typer(no_args_is_help=True)

TITLES = (
    "VERSION", "MADE", "EVENTS", "NDCG@10", "CHAMPION", "POPULARITY", "TRAINED", *quality.TITLES,
    "STATE",
)  # fmt: skip
NUMBERS = TITLES[2:-1]


@app.callback()
def model() -> None:
    """List, show and roll back models.

    \b
      recaug model list
      recaug model rollback
    """


@app.command("list")
def list_(
    form: FormatOption = Format.TEXT,
    kafka: KafkaOption = None,
    data_dir: DataDirOption = None,
) -> None:
    """List every fine-tune, newest last, with the gate's figures and what became of it.

    LIVE is how what was served did on what users did next (the targets),
    within a week.
    Those that were not promoted are known from the topic recaug.models; while
    the broker is away only the bundles on disk are listed.

    \b
      recaug model list
      recaug model list -f json | jq .version
    """
    from recaug.registry import Registry
    from recaug.signing import Keys

    settings = connect(kafka, None, data_dir)
    registry = Registry(settings.registry, Keys.of(settings))
    champion = registry.champion(settings.model)
    records, totals = _records(settings, registry)
    if form is Format.JSON:
        for record in records:
            live = quality.summary(totals.of(record.version))
            state = _state(record, champion, registry)
            typer.echo(orjson.dumps({**record.model_dump(), "live": live, "state": state}))
        return
    if not records:
        typer.echo("no model has been trained yet", err=True)
    rows = [_cells(record, champion, registry, totals) for record in records]
    title, *lines = align(TITLES, rows, NUMBERS)
    typer.echo("\n".join([paint(title, "dim"), *lines]))


@app.command()
def show(
    version: Annotated[
        str | None,
        typer.Argument(metavar="VERSION", help="Or a part of it. Default: the one served."),
    ] = None,
    kafka: KafkaOption = None,
    data_dir: DataDirOption = None,
) -> None:
    """Print the manifest of a model as JSON, after checking every hash in it.

    Under `live` it says how the model did while it served, against popular
    items and the frozen model, by source and length of history; null where
    nothing is known.

    \b
      recaug model show
      recaug model show 1f0c2d3e | jq .metrics
      recaug model show | jq .live.served
    """
    from recaug.registry import Registry
    from recaug.signing import Keys

    settings = connect(kafka, None, data_dir)
    registry = Registry(settings.registry, Keys.of(settings))
    chosen = registry.champion(settings.model) if version is None else None
    bundle = registry.open(settings.model, chosen or _find(registry, settings, version))
    about = bundle.manifest.model_dump(mode="json", by_alias=True)
    about["live"] = _live(settings, bundle.manifest.version)
    typer.echo(orjson.dumps(about, option=orjson.OPT_INDENT_2))


@app.command()
def rollback(
    version: Annotated[
        str | None,
        typer.Argument(metavar="VERSION", help="Or a part of it. Default: the one before."),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    kafka: KafkaOption = None,
    data_dir: DataDirOption = None,
) -> None:
    """Serve an older model again, at once, on every worker.

    Every hash and signature is checked first. Fine-tuning goes on and may
    promote another model later. It takes the key that signs models
    (RECAUG_SIGNING_KEY), so run it where learn runs.

    \b
      recaug model rollback
      recaug model rollback 1f0c2d3e --yes
    """
    from recaug.registry import Registry
    from recaug.signing import Keys

    settings = connect(kafka, None, data_dir)
    registry = Registry(settings.registry, Keys.of(settings))
    champion = registry.champion(settings.model)
    wanted = _before(registry, settings, champion) if version is None else None
    bundle = registry.open(settings.model, wanted or _find(registry, settings, version))
    target = bundle.manifest.version
    if target == champion:
        typer.echo(f"{target} is served already", err=True)
        return
    if not yes:
        typer.confirm(f"Serve {target} instead of {champion}?", abort=True, err=True)
    _announce(settings, registry, bundle, champion)
    typer.echo(f"{target} is served instead of {champion}", err=True)


def _announce(settings: Settings, registry: Registry, bundle: Bundle, champion: str | None) -> None:
    """Tell the workers, then move the alias that a restarted worker reads.

    The connection comes first: were the broker away, nothing would have changed.
    """
    from recaug.kafka import producer
    from recaug.registry import ModelRecord

    manifest = bundle.manifest
    update = {"promoted": True, "reason": f"rolled back by hand from {champion}"}
    client = producer(settings.broker)
    try:
        promotion = registry.promote(manifest.name, manifest.version)
        record = ModelRecord.about(bundle).model_copy(update=update).of(promotion)
        value = record.model_dump_json().encode()
        topic = settings.topics.models.name
        client.send(topic, key=manifest.name.encode(), value=value).get(10)
    finally:
        client.close()


def _live(settings: Settings, version: str) -> dict[str, Any] | None:
    try:
        return quality.detailed(quality.read_totals(settings), version)
    except Unreachable as error:
        typer.echo(f"{error.what}: how the model did is not known", err=True)
        return None


def _records(settings: Settings, registry: Registry) -> tuple[list[ModelRecord], Totals]:
    """Every attempt, oldest first: what the topic tells, and bundles it no longer does."""
    from recaug.prequential.totals import Totals

    found = {bundle.version: bundle for bundle in _bundles(settings, registry)}
    totals = Totals()
    try:
        found |= {record.version: record for record in _announced(settings)}
        totals = quality.read_totals(settings)
    except Unreachable as error:
        typer.echo(f"{error.what}: only the bundles on disk are listed", err=True)
    return sorted(found.values(), key=lambda record: record.created_at), totals


def _bundles(settings: Settings, registry: Registry) -> Iterator[ModelRecord]:
    from recaug.registry import CorruptBundle, ModelRecord

    for version in registry.versions(settings.model):
        try:
            yield ModelRecord.about(registry.open(settings.model, version))
        except CorruptBundle as error:
            typer.echo(f"{error.what}: {error.why}", err=True)


def _announced(settings: Settings) -> Iterator[ModelRecord]:
    from pydantic import ValidationError

    from recaug.kafka import read
    from recaug.registry import ModelRecord

    for record in read(settings.broker, [settings.topics.models.name]):
        # A key that is the bare name is a promotion; the attempt has a record of its own.
        if record.value is None or b"/" not in (record.key or b""):
            continue
        try:
            told = ModelRecord.model_validate_json(record.value)
        except ValidationError:
            typer.echo(f"{record.topic} {record.partition}:{record.offset} is unreadable", err=True)
            continue
        if told.name == settings.model:
            yield told


def _state(record: ModelRecord, champion: str | None, registry: Registry) -> str:
    if record.version == champion:
        return "serving"
    if record.version.startswith("failed-"):
        return "failed"
    if not record.promoted:
        return "not promoted"
    kept = record.version in registry.versions(record.name)
    return "kept" if kept else "not on disk"


def _cells(
    record: ModelRecord, champion: str | None, registry: Registry, totals: Totals
) -> list[str]:
    state = _state(record, champion, registry)
    return [
        record.version,
        _made(record.created_at),
        f"{record.events:,}",
        *(_ndcg(record.metrics, who) for who in ("challenger", "champion", "popularity")),
        f"{record.train_seconds:.1f}s",
        *quality.cells(totals.of(record.version)),
        f"{state}: {record.reason}" if state in ("failed", "not promoted") else state,
    ]


def _made(created_at: str) -> str:
    return f"{datetime.fromisoformat(created_at).astimezone(UTC):%m-%d %H:%M:%S}"


def _ndcg(metrics: dict[str, Any], who: str) -> str:
    value = (metrics.get(who) or {}).get("ndcg@10")
    return "-" if value is None else f"{value:.4f}"


def _find(registry: Registry, settings: Settings, part: str | None) -> str:
    """Return the one version on disk that contains `part`."""
    versions = registry.versions(settings.model)
    found = [version for version in versions if part is not None and part in version]
    if len(found) == 1:
        return found[0]
    why = "there is no bundle on disk yet" if not versions else f"{len(found)} versions match"
    wanted = part or "a model"
    raise Failure(f"cannot choose {wanted}", why, "recaug model list   names them all")


def _before(registry: Registry, settings: Settings, champion: str | None) -> str:
    """Return the newest version on disk older than the champion; names sort by time."""
    older = [v for v in registry.versions(settings.model) if champion is None or v < champion]
    if not older:
        raise Failure(
            "there is no older model to go back to",
            f"{champion or 'nothing'} is served and no older bundle is on disk",
            "recaug model list",
        )
    return older[-1]
