"""One look of `recaug lag`: the rows that were asked for, and the hints about them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from recaug.errors import Failure
from recaug.lag import Member, Row, Sample, Verdict, compare, worst
from recaug.lag.causes import Hint
from recaug.lag.hint import hints
from recaug.lag.hot import HotKeys
from recaug.pulse import Pulse
from recaug.settings import Settings


@dataclass(frozen=True, slots=True)
class Look:
    """What was seen at one time, epoch milliseconds; `members` by group."""

    at_ms: int
    rows: list[Row]
    hints: list[Hint]
    members: dict[str, tuple[Member, ...]]

    @property
    def verdict(self) -> Verdict:
        return worst(self.rows)

    def of(self, row: Row) -> list[Hint]:
        """The hints about a row's service."""
        return [hint for hint in self.hints if hint.service == row.service]


def look(
    settings: Settings,
    before: Sample,
    now: Sample,
    pulses: Sequence[Pulse],
    keys: HotKeys,
    max_lag_s: float,
    topic: str = "*",
) -> Look:
    """Compare two samples, and ask for the keys of what is hot.

    :param topic: only topics whose name this pattern matches, with or without the prefix.

    :raises Failure: no topic has such a name.
    """
    rows = [
        row
        for row in compare(before, now, max_lag_s)
        if fnmatchcase(row.topic, topic)
        or fnmatchcase(row.topic.removeprefix(settings.prefix), topic)
    ]
    if topic != "*" and not rows:
        names = ", ".join(dict.fromkeys(name for _, name in now.positions)) or "none"
        mend = "recaug lag --topic 'recaug.*'"
        raise Failure(f"no topic is called {topic}", f"the services read {names}", mend)
    found = keys.named(rows)
    return Look(now.at_ms, found, hints(found, pulses), dict(now.owners))
