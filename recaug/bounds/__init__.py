"""Every limit by name: where it is, how large, what happens at it, and how often that happened.

    Bound         the names
    LIMITS        what each is; `docs/reference/limits.md` is written from it
    hit           count one
    counts        how often each was met in this process
    report        say so in the log

A limit that is not here is a mistake: add it, and call `hit` where it bites.
"""

from __future__ import annotations

from recaug.bounds.counting import counts, hit, report
from recaug.bounds.names import Bound
from recaug.bounds.table import LIMITS, Limit

__all__ = ["LIMITS", "Bound", "Limit", "counts", "hit", "report"]
