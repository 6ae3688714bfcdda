"""What is noted beside a dead letter, and how such a note is told from a letter."""

from __future__ import annotations

from enum import StrEnum

from recaug.kafka import Record

#: What was done about the letter that the other headers name.
HANDLED = "recaug.handled"


class Fate(StrEnum):
    """What was done about a letter."""

    OPEN = "open"
    RETRIED = "retried"
    DROPPED = "dropped"


def is_mark(record: Record) -> bool:
    """Whether a record of the topic notes what was done, and is no letter of its own."""
    return record.header(HANDLED) is not None
