"""Late records of erased people: what was sent before the null, and is read after it.

They are refused, so that every record still has its one outcome, but nothing of them is kept: the
dead letter has neither key nor value nor headers of theirs.

note          a null among the user documents
withhold      the outcomes of records, those of erased people being such refusals
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

from recaug.clean.records import Accepted, Outcome, Rejected
from recaug.erase import Erasures
from recaug.events import Reason, Rejection, parse_user_key
from recaug.topics import Topics

_MESSAGE = "Its user was erased after it was sent; that it was refused is all that is kept of it."


def note(erasures: Erasures, key: bytes | None, at_ms: int) -> None:
    """Note the null of a user document as a producer wrote it; a bad key erases nobody."""
    with suppress(Rejection):
        erasures.erase(parse_user_key(key), at_ms)


def withhold(outcomes: Sequence[Outcome], topics: Topics, erasures: Erasures) -> list[Outcome]:
    """The outcomes of a part of a batch, in their order."""
    if not erasures.reaches(min(outcome.record.timestamp_ms for outcome in outcomes)):
        return list(outcomes)
    return [
        Rejected(outcome.record, Reason.ERASED, _MESSAGE)
        if _is_late(outcome, topics, erasures)
        else outcome
        for outcome in outcomes
    ]


def _is_late(outcome: Outcome, topics: Topics, erasures: Erasures) -> bool:
    """Documents never are: users' are before their null or after it in their own topic."""
    record = outcome.record
    if record.topic in (topics.users.name, topics.items.name):
        return False
    key = outcome.key if isinstance(outcome, Accepted) else record.key
    return bool(key) and erasures.covers((key or b"").decode(errors="replace"), record.timestamp_ms)
