"""How far each service is behind and why, measured from outside through Kafka.

A service that is dead cannot say so; the broker can. Two samples a few seconds apart give offsets,
rates and a verdict; what workers say of themselves on `recaug.pulses` gives the reason.

    probe.py    takes samples: asks the broker, never the services
    rows.py     compares two of them
    verdict.py  OK, WARN, REWIND, STALL, STOP, LOST
    hot.py      which key makes a partition hot
    commits.py  when each group last committed
    pulses.py   what the workers say
    work.py     what they did lately, added up
    hint.py     would more workers help?
    causes.py   the words for each reason
"""

from __future__ import annotations

from recaug.lag.rows import (
    COMMIT_S,
    MAX_LAG_S,
    SPACING_S,
    Hot,
    Part,
    Row,
    compare,
    drain_s,
    worst,
)
from recaug.lag.sample import Member, Position, Sample
from recaug.lag.verdict import Verdict, hot_partition

__all__ = [
    "COMMIT_S",
    "MAX_LAG_S",
    "SPACING_S",
    "Hot",
    "Member",
    "Part",
    "Position",
    "Row",
    "Sample",
    "Verdict",
    "compare",
    "drain_s",
    "hot_partition",
    "worst",
]
