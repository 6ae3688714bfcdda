"""What a person chose on `recaug up`'s command line, parsed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from recaug.errors import Failure
from recaug.settings import Settings

DEFAULT_RATE = 300.0
#: So many events or seconds never come: the other trigger decides alone.
NEVER = 10**9

_SPEED = re.compile(r"max|\d+(\.\d+)?x?")
_EVERY = re.compile(r"(\d+)(s|m|h)?")
_SECONDS = {"s": 1, "m": 60, "h": 3_600}


@dataclass(frozen=True, slots=True)
class Traffic:
    """`arguments` of the `recaug` command that makes the traffic; None for none.

    `restart`: whether its end is a fault; a replay ends when the data does.
    """

    arguments: tuple[str, ...] | None
    restart: bool
    words: str


@dataclass(frozen=True, slots=True)
class Options:
    """What was chosen; `kafka` and `redis` are addresses to use instead of starting one."""

    data_dir: Path
    traffic: Traffic
    kafka: str | None = None
    redis: str | None = None
    page_port: int | None = 8080
    env: tuple[tuple[str, str], ...] = ()
    for_s: float | None = None
    report: Path | None = None
    fresh: bool = False


def settings_of(options: Options, data_dir: Path) -> Settings:
    """Return the settings of the environment with what was chosen over them."""
    given: dict[str, Any] = {"kafka": options.kafka, "redis": options.redis}
    given = {name: value for name, value in given.items() if value is not None}
    return Settings(data_dir=data_dir, **given)


def refuse_own_servers(options: Options) -> None:
    """Refuse to start a server here that would not be as secure as the settings ask.

    Those started here are plaintext and know no names: good for this machine only.

    :raises Failure: one would be started, or a given one may not be talked to as configured.
    """
    settings = settings_of(options, options.data_dir)
    if options.kafka is not None:
        _ = settings.broker
    elif settings.env == "production" or settings.kafka_security != "plaintext":
        raise _own("Kafka", "RECAUG_KAFKA_SECURITY", "--kafka HOST:PORT")
    if options.redis is not None:
        _ = settings.redis_server
    elif settings.env == "production" or settings.redis_server.password.get_secret_value():
        raise _own("Redis", "RECAUG_REDIS_PASSWORD", "--redis rediss://USER@HOST:PORT")


def _own(server: str, setting: str, option: str) -> Failure:
    return Failure(
        f"no {server} is started here",
        f"one that is started here is not secured, as RECAUG_ENV=production or {setting} ask",
        f"name yours: recaug up {option}   (or unset those variables)",
    )


def parse_traffic(text: str) -> Traffic:
    """Parse `simulate:RATE`, `replay:PATH[:SPEED]` or `none`.

    :raises Failure: anything else, or a file that is not there.
    """
    kind, _, rest = text.partition(":")
    if text == "none":
        return Traffic(None, False, "none")
    if kind == "simulate":
        rate = _rate(rest)
        return Traffic(("simulate", "--rate", f"{rate:g}"), True, f"{rate:g} simulated events/s")
    if kind == "replay" and rest:
        path, speed = _path_and_speed(rest)
        argument = f"{path}:{speed}" if speed else str(path)
        return Traffic(
            ("replay", argument), False, f"{path.name} replayed at {speed or 'its speed'}"
        )
    raise _wrong("--traffic", text, "simulate:RATE, replay:PATH[:SPEED] or none")


def parse_every(text: str) -> dict[str, str]:
    """Parse `5000` (events) or `60s` into the settings of the trigger.

    :raises Failure: anything else.
    """
    found = _EVERY.fullmatch(text)
    if found is None or int(found[1]) == 0:
        raise _wrong("--model-every", text, "a number of events (5000) or a time (60s, 5m)")
    count, unit = int(found[1]), found[2]
    if unit is None:
        return {"RECAUG_TRAIN_EVERY_EVENTS": str(count), "RECAUG_TRAIN_EVERY_S": str(NEVER)}
    seconds = count * _SECONDS[unit]
    return {"RECAUG_TRAIN_EVERY_EVENTS": str(NEVER), "RECAUG_TRAIN_EVERY_S": str(seconds)}


def _rate(text: str) -> float:
    try:
        rate = float(text) if text else DEFAULT_RATE
    except ValueError:
        rate = 0.0
    if not 0 < rate < float("inf"):
        raise _wrong("--traffic simulate", text, "events per second above 0, e.g. simulate:300")
    return rate


def _path_and_speed(text: str) -> tuple[Path, str]:
    head, colon, tail = text.rpartition(":")
    name, speed = (head, tail) if colon and _SPEED.fullmatch(tail) else (text, "")
    path = Path(name).expanduser()
    if not path.exists():
        raise Failure(
            f"{path} cannot be replayed", "there is no such file", "give the path of a data set"
        )
    return path.absolute(), speed


def _wrong(option: str, text: str, wanted: str) -> Failure:
    return Failure(f"{option} {text!r} is not understood", f"it takes {wanted}", "recaug up --help")
