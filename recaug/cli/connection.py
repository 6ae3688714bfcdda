"""Which broker and store a command talks to: flag, environment, running instance, default."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Any

import typer

from recaug.errors import Failure
from recaug.local.instance import Running, read
from recaug.security import split_password
from recaug.settings import Settings

KafkaOption = Annotated[
    str | None,
    typer.Option(
        "--kafka",
        metavar="HOST:PORT",
        help="Bootstrap servers. Default: RECAUG_KAFKA, else the instance of --data-dir.",
        show_default=False,
    ),
]
RedisOption = Annotated[
    str | None,
    typer.Option(
        "--redis",
        metavar="URL",
        help="redis:// or unix:// URL. Default: RECAUG_REDIS, else the instance of --data-dir.",
        show_default=False,
    ),
]
DataDirOption = Annotated[
    Path | None,
    typer.Option(
        "--data-dir",
        metavar="DIR",
        help="Where the local instance keeps its files. Default: RECAUG_DATA_DIR, else .recaug.",
        show_default=False,
    ),
]


def connect(
    kafka: str | None = None, redis: str | None = None, data_dir: Path | None = None
) -> Settings:
    """Return the settings of the installation that a command means.

    For each address the first of these wins: the flag, the environment (`RECAUG_KAFKA`,
    `RECAUG_REDIS`), the instance that runs in the data directory, the default. Nothing is
    contacted: who connects raises `Unreachable`.
    """
    base: dict[str, Any] = {} if data_dir is None else {"data_dir": data_dir}
    running = read(Settings(**base).data_dir)
    found = running if running is not None and running.alive else Running()
    refuse_password(redis)
    chosen: dict[str, Any] = {
        "kafka": kafka or os.environ.get("RECAUG_KAFKA") or found.kafka,
        "redis": redis or os.environ.get("RECAUG_REDIS") or found.redis,
    }
    return Settings(**base, **{name: value for name, value in chosen.items() if value})


def refuse_password(url: str | None) -> None:
    """Refuse a password on the command line, where everybody on this machine can read it.

    :raises Failure: the URL has one.
    """
    shown, password = split_password(url or "")
    if password.get_secret_value():
        raise Failure(
            f"{shown} is not asked",
            "a password on the command line is in every list of processes",
            "set RECAUG_REDIS_PASSWORD (or RECAUG_REDIS_PASSWORD_FILE) and leave it out of --redis",
        )


def page_address(data_dir: Path | None = None) -> str | None:
    """Return the URL of the page of the running instance; None when there is none."""
    base = Settings() if data_dir is None else Settings(data_dir=data_dir)
    running = read(base.data_dir)
    return running.page if running is not None and running.alive else None
