"""What `recaug doctor` examines, one check a function; none changes anything.

broker · topics · retention · producers · clock · store · models · scoring · disk · versions
"""

from __future__ import annotations

from collections.abc import Iterator

from recaug.checkup.bundles import models
from recaug.checkup.clocks import clock
from recaug.checkup.finding import Check, Finding, Level
from recaug.checkup.host import disk, versions
from recaug.checkup.log import broker, retention, topics
from recaug.checkup.partitioner import partition_of, producers
from recaug.checkup.runtime import scoring
from recaug.checkup.user_state import store
from recaug.errors import Failure, Unreachable
from recaug.settings import Settings

__all__ = [
    "Check", "Finding", "Level", "broker", "clock", "disk", "examine", "models", "partition_of",
    "producers", "retention", "scoring", "store", "topics", "versions",
]  # fmt: skip

CHECKS: dict[str, Check] = {
    "broker": broker,
    "topics": topics,
    "retention": retention,
    "producers": producers,
    "clock": clock,
    "store": store,
    "models": models,
    "scoring": scoring,
    "disk": disk,
    "versions": versions,
}
ASK_THE_BROKER = frozenset({"topics", "retention", "producers", "clock"})


def examine(settings: Settings) -> Iterator[Finding]:
    """Make every check in order; one that finds a person's problem says so and ends alone."""
    away = False
    for about, check in CHECKS.items():
        if away and about in ASK_THE_BROKER:
            continue  # It has been said, and asking again takes as long again.
        try:
            yield from check(settings)
        except Failure as failure:
            away = away or isinstance(failure, Unreachable)
            words = f"{failure.what}: {failure.why}"
            yield Finding(Level.FAIL, about, words, failure.mend)
