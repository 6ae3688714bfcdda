"""`recaug config`: every setting, what it is and where it came from."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from recaug.cli.columns import paint
from recaug.cli.connection import DataDirOption, KafkaOption, RedisOption, connect
from recaug.cli.tables import TableFormat, TableOption, show
from recaug.errors import Failure

if TYPE_CHECKING:
    from recaug.origins import Origin
    from recaug.settings import Settings

app = typer.Typer(no_args_is_help=True)


@app.callback()
def config() -> None:
    """Show every setting and where it came from.

    \b
      recaug config show --origin
      recaug config check
    """


@app.command("show")
def show_(
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="[NAME]...", help="Only these, or those that contain one."),
    ] = None,
    origin: Annotated[
        bool, typer.Option("--origin", help="Where each came from, and which is in force.")
    ] = False,
    changed: Annotated[
        bool, typer.Option("--changed", help="Only those that are not the default.")
    ] = False,
    form: TableOption = TableFormat.TEXT,
    kafka: KafkaOption = None,
    redis: RedisOption = None,
    data_dir: DataDirOption = None,
) -> None:
    """Print the settings that a command here has, secrets masked.

    An option wins over the environment, that over the instance that runs in
    the data directory, that over the default.

    \b
      recaug config show --origin
      recaug config show kafka redis -f jsonl
      recaug config show --changed
    """
    found = [
        one
        for one in _origins(kafka, redis, data_dir)
        if (not names or any(part.lower() in one.variable.lower() for part in names))
        and (not changed or one.origin != "default")
    ]
    titles = ("SETTING", "VALUE", *(("ORIGIN", "WHENCE") if origin else ()))
    show(form, [_row(one) for one in found], titles, wide=("ABOUT",))


@app.command()
def check(
    kafka: KafkaOption = None,
    redis: RedisOption = None,
    data_dir: DataDirOption = None,
) -> None:
    """Say whether the settings can be used; nothing is contacted.

    Finds variables that are misspelt, values no setting may have, secrets
    that cannot be read, and connections that production does not allow.

    Exit code: 0 they can, 1 a variable is none of ours, 2 they cannot.

    \b
      recaug config check
      RECAUG_ENV=production recaug config check && deploy
    """
    from recaug.origins import strangers

    failures = list(_failures(connect(kafka, redis, data_dir)))
    for failure in failures:
        typer.echo(f"{paint('✕', 'bad')} {failure.what}: {failure.why}\n  → {failure.mend}")
    unknown = strangers()
    for name, meant in unknown.items():
        typer.echo(
            f"{paint('▲', 'warn')} {name} is no setting and does nothing\n"
            f"  → {f'rename it {meant}' if meant else f'unset {name}'}"
        )
    if not failures and not unknown:
        typer.echo(f"{paint('✓', 'good')} the settings can be used")
    raise typer.Exit(2 if failures else 1 if unknown else 0)


def _failures(settings: Settings) -> Any:
    for what in ("broker", "redis_server"):
        if what == "redis_server" and not settings.redis:
            continue
        try:
            getattr(settings, what)
        except Failure as failure:
            yield failure


def _origins(kafka: str | None, redis: str | None, data_dir: Path | None) -> list[Origin]:
    from recaug.local.instance import Running, read
    from recaug.origins import origins

    settings = connect(kafka, redis, data_dir)
    running = read(settings.data_dir)
    found = running if running is not None and running.alive else Running()
    return origins(
        settings,
        {"kafka": kafka, "redis": redis, "data_dir": data_dir},
        {"kafka": found.kafka, "redis": found.redis},
    )


def _row(one: Origin) -> dict[str, Any]:
    value = ", ".join(one.value) if isinstance(one.value, list) else one.value
    return {
        "setting": one.variable,
        "value": "" if value is None else str(value),
        "origin": one.origin,
        "whence": one.whence,
        "about": one.about,
    }
