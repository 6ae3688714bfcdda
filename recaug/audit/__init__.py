"""The report of a run, measured at the topics by a reader that none of the services knows.

    since = begin(settings)        before traffic starts
    ...                                  traffic, and then the services catch up
    report = audit(settings, since, seconds)

What counts is what entered the input topics from `since` on. Each such record must be in
`recaug.events`, among the dead letters, or a resend of an event accepted before; each accepted
event of a kind that is answered must have its recommendation.
"""

from recaug.audit.measure import Begin, audit, begin
from recaug.audit.report import LEARNS_WITHIN_S, Report, failures

__all__ = ["LEARNS_WITHIN_S", "Begin", "Report", "audit", "begin", "failures"]
