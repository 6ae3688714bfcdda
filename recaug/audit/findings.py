"""What an audit can find wrong: a closed list of checks, how each is said, and the first offenders.

Check       one way in which a promise can be broken
Problem     how often it was, where first, and what to type next
Findings    collects them while the topics are read; bounded, whatever is found
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from enum import StrEnum

#: Offenders named for each check; the rest are only counted.
EXAMPLES = 5


class Check(StrEnum):
    """Every way in which a promise can be broken."""

    MISSING_INPUT = "missing_input"
    MISSING_DOCUMENT = "missing_document"
    TWO_FATES = "two_fates"
    STRAY_EVENT = "stray_event"
    DOUBLED_EVENT = "doubled_event"
    COPIES_DIFFER = "copies_differ"
    MISSING_ANSWER = "missing_answer"
    DOUBLED_ANSWER = "doubled_answer"
    STRAY_ANSWER = "stray_answer"
    WRONG_USER = "wrong_user"
    REUSED_ID = "reused_id"
    ORDER = "order"
    DOCUMENT_ORDER = "document_order"
    MODEL_UNKNOWN = "model_unknown"
    MODEL_EARLY = "model_early"
    MODEL_BACK = "model_back"
    CHECKPOINT = "checkpoint"
    STORE = "store"
    STORE_DOUBLED = "store_doubled"
    STALLED = "stalled"
    STOPPED = "stopped"
    EXPIRED = "expired"


#: Checks that mean that something which had to happen did not.
MISSING = (Check.MISSING_INPUT, Check.MISSING_DOCUMENT, Check.MISSING_ANSWER)
#: Checks that mean that something happened twice.
DOUBLED = (Check.DOUBLED_EVENT, Check.DOUBLED_ANSWER, Check.STORE_DOUBLED)

#: Per check: the sentence, and what to type next. `{n}` is the number.
_WORDS: dict[Check, tuple[str, str]] = {
    Check.MISSING_INPUT: (
        "{n} input records are neither accepted, rejected nor resends",
        "recaug lag --service clean, then look at what clean's log says of that time",
    ),
    Check.MISSING_DOCUMENT: (
        "{n} item or user documents are neither accepted nor rejected",
        "send them again (they are idempotent), then recaug lag --service clean",
    ),
    Check.TWO_FATES: (
        "{n} input records are accepted and among the dead letters as well",
        "recaug dlq show; do not send those again: they had their effect",
    ),
    Check.STRAY_EVENT: (
        "{n} records that clean should have written name no input record that exists",
        "find out who else writes to those topics",
    ),
    Check.DOUBLED_EVENT: (
        "{n} input records are in two partitions of recaug.events, where readers cannot tell",
        "were partitions added while something ran? recaug doctor",
    ),
    Check.COPIES_DIFFER: (
        "{n} copies in recaug.events say something else than the first of the same source",
        "please report it: the same bytes must be read the same way every time",
    ),
    Check.MISSING_ANSWER: (
        "{n} accepted events were not answered",
        "recaug lag --service recommend, then look at what its log says of that time",
    ),
    Check.DOUBLED_ANSWER: (
        "{n} resent events were answered as new ones although they were within the window",
        "was user state wiped or away meanwhile? recaug doctor",
    ),
    Check.STRAY_ANSWER: (
        "{n} answers are to events that are not in the log, or cannot be read",
        "find out who else writes to that topic: only recommend should",
    ),
    Check.WRONG_USER: (
        "{n} answers name an event of another user",
        "please report it, with the answers named here",
    ),
    Check.REUSED_ID: (
        "{n} event ids were used by different users: answers to them share their id",
        "have producers make a new id for every event, for instance a UUIDv7",
    ),
    Check.ORDER: (
        "{n} events of a user overtook an earlier one between input and recaug.events",
        "did two clean workers own a partition? look at their logs of that time",
    ),
    Check.DOCUMENT_ORDER: (
        "{n} item or user documents were replaced by older ones",
        "send the newest ones again, then look at the log of clean of that time",
    ),
    Check.MODEL_UNKNOWN: (
        "{n} answers name a model that was never announced as promoted",
        "recaug model list",
    ),
    Check.MODEL_EARLY: (
        "{n} answers name a model before it was announced as promoted",
        "recaug model list; do the clocks of the brokers agree?",
    ),
    Check.MODEL_BACK: (
        "{n} times a partition went back to an older model without a rollback",
        "recaug model list, then look at the log of recommend of that time",
    ),
    Check.CHECKPOINT: (
        "{n} times learn's checkpoint differs from what the log says it must hold",
        "stop learn, delete DATA_DIR/learn/checkpoints, start it: it folds the log again",
    ),
    Check.STORE: (
        "{n} times user state differs from what the log says it must hold",
        "empty the store while recommend is down: it is built again from the log",
    ),
    Check.STORE_DOUBLED: (
        "{n} rows of users' histories are there twice",
        "empty the store while recommend is down: it is built again from the log",
    ),
    Check.STALLED: (
        "{n} services have work and do not move",
        "recaug lag --watch; a worker that stands still ends itself within a minute",
    ),
    Check.STOPPED: (
        "{n} services are not running and records wait for them",
        "start them; nothing is lost meanwhile, as long as the topics keep the records",
    ),
    Check.EXPIRED: (
        "{n} records were deleted by retention before they were read",
        "raise retention.ms of that topic above the longest time a service may be down",
    ),
}


@dataclass(frozen=True, slots=True)
class Problem:
    """One promise that was broken: `count` times, first at `examples`."""

    check: Check
    count: int
    words: str
    examples: tuple[str, ...]
    mend: str

    def __str__(self) -> str:
        return self.words


class Findings:
    """Counts per check, and the first few offenders of each."""

    def __init__(self) -> None:
        self._counts: Counter[Check] = Counter()
        self._examples: defaultdict[Check, list[str]] = defaultdict(list)

    def add(self, check: Check, example: str, count: int = 1) -> None:
        """Note an offender, or a count of them of which this is the first."""
        self._counts[check] += count
        if len(self._examples[check]) < EXAMPLES:
            self._examples[check].append(example)

    def count(self, *checks: Check) -> int:
        return sum(self._counts[check] for check in checks)

    def problems(self) -> tuple[Problem, ...]:
        """What was found, in the order of the list of checks."""
        return tuple(self._problem(check) for check in Check if self._counts[check])

    def _problem(self, check: Check) -> Problem:
        count, (words, mend) = self._counts[check], _WORDS[check]
        said = words.format(n=f"{count:,}")
        return Problem(check, count, said, tuple(self._examples[check]), mend)
