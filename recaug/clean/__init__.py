"""From what producers wrote to what the rest may trust: the whole of the clean service but Kafka.

RawRecord ──Cleaner.clean──▶ Accepted    to recaug.events, recaug.items or recaug.users
                        ├──▶ Rejected    to dead letters, with a reason
                        └──▶ Duplicate   nowhere: the client sent it twice
"""

from __future__ import annotations

from recaug.clean.cleaner import Cleaner
from recaug.clean.records import Accepted, Duplicate, Outcome, RawRecord, Rejected

__all__ = ["Accepted", "Cleaner", "Duplicate", "Outcome", "RawRecord", "Rejected"]
