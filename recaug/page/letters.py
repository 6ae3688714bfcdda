"""Dead letters as the page shows them: which field, why, what to type, and what became of it."""

from __future__ import annotations

import re
from collections import Counter, deque

from recaug.deadletters.letters import as_letter
from recaug.deadletters.marks import HANDLED, Fate, is_mark
from recaug.deadletters.mends import field_of, mend_of
from recaug.events import Reason
from recaug.events.reasons import MEANINGS
from recaug.kafka import Record
from recaug.page.board import Message

LETTERS = 20

REASONS = frozenset(map(str, Reason))

#: What a person pastes into a shell must not be what somebody else wrote.
_NAME = re.compile(r"[\w.-]+:\d+:\d+")


class Letters:
    """The newest ones, and how many there were of each reason since the page started."""

    def __init__(self) -> None:
        self._newest: deque[Message] = deque(maxlen=LETTERS)
        self._reasons: Counter[str] = Counter()

    def add(self, record: Record) -> None:
        """Take in a letter, or a note of what was done about one."""
        if is_mark(record):
            name = as_letter(record, Fate.OPEN).name
            fate = (record.header(HANDLED) or b"").decode(errors="replace")
            self._replace([_settled(one, name, fate) for one in self._newest])
            return
        letter = to_letter(record)
        self._newest.appendleft(letter)
        # Anybody may write to the topic: a reason that is none is counted as one.
        self._reasons[letter["reason"] if letter["reason"] in REASONS else "unknown"] += 1

    def forget(self, user: str) -> None:
        """Show no letter that says this user's id anywhere."""
        self._replace([letter for letter in self._newest if not _names(letter, user)])

    def section(self) -> Message:
        return {"newest": list(self._newest), "reasons": dict(self._reasons.most_common())}

    def _replace(self, letters: list[Message]) -> None:
        self._newest = deque(letters, maxlen=LETTERS)


def to_letter(record: Record) -> Message:
    """Return a dead letter as a person reads it; `command` mends it."""
    letter = as_letter(record, Fate.OPEN)
    about = letter.about
    known = about.reason in REASONS
    return {
        "at_ms": letter.at_ms,
        "name": letter.name,
        "reason": about.reason or "unknown",
        "meaning": MEANINGS[Reason(about.reason)].replace("`", "") if known else None,
        "field": field_of(about.reason, about.message),
        "message": about.message,
        "command": mend_of(letter) if _NAME.fullmatch(letter.name) else "recaug dlq list",
        "fate": letter.fate.value,
        "key": _excerpt(record.key, 64),
        "value": _excerpt(record.value, 240),
    }


def _settled(letter: Message, name: str, fate: str) -> Message:
    return {**letter, "fate": fate} if letter["name"] == name else letter


def _names(letter: Message, user: str) -> bool:
    told = (letter["key"], letter["value"], letter["message"])
    return any(text is not None and user in text for text in told)


def _excerpt(data: bytes | None, limit: int) -> str | None:
    if data is None:
        return None
    text = data[: limit * 4].decode(errors="replace")
    return text if len(text) <= limit else text[:limit] + "…"
