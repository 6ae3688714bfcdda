"""What must hold for any record at all."""

from __future__ import annotations

from recaug.clean import Accepted, Cleaner, Duplicate, Outcome, RawRecord, Rejected
from recaug.events import Reason, Rejection, dead_letter
from recaug.settings import Settings

SETTINGS = Settings()
TOPICS = SETTINGS.topics
INPUTS = tuple(topic.name for topic in TOPICS.inputs)
#: Where what clean writes would be read again.
AGAIN = {
    TOPICS.events.name: "clickstream",
    TOPICS.clean_items.name: "items",
    TOPICS.clean_users.name: "users",
}


def check(record: RawRecord, now_ms: int) -> Outcome:
    """Clean one record; raises unless it has one sound outcome."""
    (outcome,) = Cleaner(SETTINGS).clean([record], now_ms)
    assert outcome.record is record
    assert not isinstance(outcome, Duplicate), "the first of its kind"
    if isinstance(outcome, Rejected):
        _check_refusal(outcome)
    else:
        _check_again(outcome, now_ms)
    return outcome


def _check_refusal(refused: Rejected) -> None:
    assert refused.reason in set(Reason) - {Reason.UNREADABLE}, refused
    assert refused.message.isprintable() and 0 < len(refused.message) < 1_000, refused
    raw = refused.record
    why = Rejection(refused.reason, refused.message)
    letter = dead_letter(why, (raw.topic, raw.partition, raw.offset), *raw[3:6])
    told = sum(
        len(name.encode("utf-8", "replace")) + len(text or b"") for name, text in letter.headers
    )
    assert len(letter.key or b"") + len(letter.value or b"") + told < 2**20 + 2**13


def _check_again(taken: Accepted, now_ms: int) -> None:
    """What was accepted is canonical: accepted again, and unchanged."""
    raw = taken.record
    again = RawRecord(AGAIN[taken.topic.name], 0, 0, taken.key, taken.value, (), raw.timestamp_ms)
    (second,) = Cleaner(SETTINGS).clean([again], now_ms)
    assert isinstance(second, Accepted), second
    assert (second.topic, second.key, second.value) == (taken.topic, taken.key, taken.value)
