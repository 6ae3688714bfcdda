"""The ledger of an installation, read at the topics by a reader that none of the services knows.

    report = audit(settings)             all that is kept, once the services have caught up
    audit(settings, drained=False)       while they run: what is under way is not missing

    since = begin(settings)              or a run: before traffic starts
    ...                                  traffic, and then the services catch up
    report = audit(settings, since, seconds)

    report.missing, report.doubled       0 and 0 when the promises were kept
    report.problems                      each broken promise: how often, where first, what to type

Every input event must be in `recaug.events`, among the dead letters, or a resend of an event
accepted before; every document in its compacted topic, or replaced there by a newer one; every
accepted event of a kind that is answered must have its recommendation, or be superseded by a newer
one of its user. Copies in the log, which a crash leaves, are counted and are no fault: whoever
reads drops them. Order, models, learn's checkpoint and recommend's store are held against the log.

Memory: about 40 bytes an event, 60 at the peak, whatever is in it.
"""

from __future__ import annotations

from recaug.audit.findings import Check, Problem
from recaug.audit.measure import Begin, audit, begin, begin_at
from recaug.audit.report import LEARNS_WITHIN_S, Report, failures

__all__ = [
    "LEARNS_WITHIN_S",
    "Begin",
    "Check",
    "Problem",
    "Report",
    "audit",
    "begin",
    "begin_at",
    "failures",
]
