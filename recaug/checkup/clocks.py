"""Whether this clock agrees with the broker's.

The broker stamps each record when it appends it, so a record that has just come says what time it
is there. Nothing is written to find out: services send a pulse every few seconds. Where nothing
comes, only a clock behind the broker's can be seen, by a stamp from the future.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

from recaug.checkup.finding import Finding, Level
from recaug.checkup.user_state import SKEW_S
from recaug.pulse import PULSE_S
from recaug.settings import Settings

#: A stamp this old, or none, says that nothing runs: then nobody is waited for.
RUNS_S = 60.0
WAIT_S = PULSE_S + 1.0
MEND = "let NTP set both: timedatectl set-ntp true"


def clock(settings: Settings, now: Callable[[], float] = time.time) -> Iterator[Finding]:
    """Whether this clock agrees with the broker's."""
    newest_s = _newest_s(settings)
    if newest_s is None:
        yield Finding(Level.OK, "clock", "no record to compare the broker's clock by yet")
        return
    behind_s = newest_s - now()
    if behind_s > SKEW_S:
        yield _apart(-behind_s)
        return
    ahead_s = _ahead_s(settings, now) if -behind_s < RUNS_S else None
    if ahead_s is None:
        words = "no record has just come: this clock is not behind the broker's, that is all"
        yield Finding(Level.OK, "clock", words)
    elif ahead_s > SKEW_S:
        yield _apart(ahead_s)
    else:
        words = f"within {SKEW_S:g} s of the broker's"
        yield Finding(Level.OK, "clock", words)


def _apart(ahead_s: float) -> Finding:
    words = f"this clock is {ahead_s:+.1f} s off the broker's: lags and latencies look wrong"
    return Finding(Level.WARN, "clock", words, MEND)


def _newest_s(settings: Settings) -> float | None:
    """When the broker appended the newest record of any topic, by its clock."""
    from recaug.kafka import end_offsets, read

    topics = [topic.name for topic in settings.topics.all if topic.retention_ms is not None]
    ends = {at: end for at, end in end_offsets(settings.broker, topics).items() if end}
    begin = {at: end - 1 for at, end in ends.items()}
    stamps = [one.timestamp_ms for one in read(settings.broker, topics, begin, ends, idle_s=5.0)]
    return max(stamps) / 1_000 if stamps else None


def _ahead_s(settings: Settings, now: Callable[[], float]) -> float | None:
    """How far this clock is ahead, by the first record that comes; None where none does."""
    from recaug.follow import Follower

    topics = [settings.topics.pulses.name, *(topic.name for topic in settings.topics.behaviour)]
    with Follower(settings.broker, topics) as follower:
        for record in follower.records(WAIT_S):
            return now() - record.timestamp_ms / 1_000
    return None
