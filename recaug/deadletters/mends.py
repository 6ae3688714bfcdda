"""Which field of a refused record is wrong, and what to type.

field_of   the field a rejection is about
mend_of    the command that mends a letter
"""

from __future__ import annotations

import re
from shlex import quote

from recaug.deadletters.letters import Letter
from recaug.events import Reason
from recaug.events.cloudevents import is_structured
from recaug.events.deadletter import MAX_REFUSALS

#: A message about one field begins with its path, in the words of the contract: small letters.
_PATH = re.compile(r"(?P<path>[a-z_][\w-]*(?:\.[\w-]+)*):? ")
_FIELDS = frozenset(
    {
        Reason.UNKNOWN_EVENT, Reason.MISSING_FIELD, Reason.BAD_FIELD, Reason.BAD_ID,
        Reason.BAD_TIME, Reason.TIME_RANGE, Reason.TIME_IN_FUTURE, Reason.NO_USER,
        Reason.PERSONAL_DATA, Reason.SELF_REFERENCE, Reason.TOO_MANY, Reason.EVENT_ID_REUSED,
        Reason.SYNTHETIC,
    }
)  # fmt: skip
#: Where the message does not name the field first.
_KNOWN = {Reason.NO_USER: "user_id"}
_KEYS = frozenset({Reason.NO_KEY, Reason.KEY_MISMATCH})
#: Sent again as it is once the sender is known to be honest: which setting let it through.
_LIMITS = {
    Reason.USER_FLOOD: "RECAUG_USER_LIMIT",
    Reason.USER_ITEM_FLOOD: "RECAUG_USER_ITEM_LIMIT",
    Reason.ITEM_FLOOD: "RECAUG_ITEM_LIMIT",
    Reason.BOT: "RECAUG_BOT_EVENTS",
    Reason.TOO_LARGE: "RECAUG_MAX_BYTES",
}
#: Nothing that could be mended is kept, or nothing should be.
_LOST = frozenset({Reason.PERSONAL_DATA, Reason.ERASED, Reason.SYNTHETIC})


def field_of(reason: str, message: str) -> str | None:
    """Return the path of the field that a rejection is about; None where it is about the whole.

    >>> field_of("missing_field", "items.0.item_id is missing: add it.")
    'items.0.item_id'
    >>> field_of("bad_json", "The value is not one JSON document: send one.")
    """
    if reason not in _FIELDS:
        return None
    if reason in _KNOWN:
        return _KNOWN[Reason(reason)]
    found = _PATH.match(message)
    return found["path"] if found else None


def mend_of(letter: Letter) -> str:
    """Return what to type about a letter."""
    # Anybody who may write to the topic names letters, and what is shown here is pasted in shells.
    about, name = letter.about, quote(letter.name)
    again, drop = f"recaug dlq retry {name}", f"recaug dlq drop {name}"
    field = field_of(about.reason, about.message)
    if about.reason in _LOST or letter.count > MAX_REFUSALS or about.reason == Reason.PARKED:
        return drop
    if letter.cut:
        return f"{again} --from FILE   (the whole value, mended; it is not kept here)"
    if about.reason in _LIMITS:
        limit = _LIMITS[Reason(about.reason)]
        return f"{again}   (honest? raise {limit} first; else: {drop})"
    if about.reason in _KEYS:
        return f"{again} --key ID"
    if field is not None and about.value:
        return f"{again} --set {_prefix(letter)}{field}=VALUE"
    return f"recaug dlq show {name} --raw > FILE, mend it, and: {again} --from FILE"


def _prefix(letter: Letter) -> str:
    return "data." if is_structured(letter.about.headers) else ""
