"""How fast: as fast as it goes, a multiple of real time, or so many events a second."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from recaug.errors import Failure

_SPEED = re.compile(r"max|(\d+(?:\.\d+)?)(x?)")


@dataclass(frozen=True, slots=True)
class Speed:
    """At most one of `factor` (times real time) and `rate` (events per second) is set."""

    factor: float | None = None
    rate: float | None = None

    @classmethod
    def of(cls, text: str) -> Speed:
        """Read `max`, `10x` or `500`.

        :raises Failure: it is none of these.
        """
        match = _SPEED.fullmatch(text)
        if match is None or (match[1] and float(match[1]) == 0):
            raise Failure(
                f"{text!r} is no speed",
                "a speed is max, a multiple of real time like 10x, or events per second like 500",
                "recaug replay data.csv:500",
            )
        if match[1] is None:
            return cls()
        return cls(factor=float(match[1])) if match[2] else cls(rate=float(match[1]))

    @property
    def paced(self) -> bool:
        return self.factor is not None or self.rate is not None

    def due_s(self, place: int, since_ms: int) -> float:
        """Seconds after the start at which to send the event at `place` (from 0).

        :param since_ms: event time since the first event, milliseconds.
        """
        if self.factor is not None:
            return since_ms / 1_000 / self.factor
        return place / self.rate if self.rate is not None else 0.0

    def __str__(self) -> str:
        if self.factor is not None:
            return f"{self.factor:g} times real time"
        return f"{self.rate:g} events/s" if self.rate is not None else "as fast as it goes"


def split_target(target: str) -> tuple[Path, Speed]:
    """Take `PATH[:SPEED]` apart; without a speed it goes as fast as it can.

    :raises Failure: there is no such file or directory, or no such speed.
    """
    path, colon, speed = target.rpartition(":")
    if not colon or Path(target).exists():
        path, speed = target, "max"
    if not Path(path).exists():
        raise Failure(
            f"{path} is not there",
            "replay reads one file of events, or a directory of periods",
            "name a file: recaug replay PATH[:SPEED]",
        )
    return Path(path), Speed.of(speed)
