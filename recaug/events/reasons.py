"""Why a record was refused: a closed list of reasons, and the exception that carries one.

Rejection               the record cannot be used; `reason` counts it, `message` mends it
"""

from __future__ import annotations

from enum import StrEnum


class Reason(StrEnum):
    """Every reason a record can end in dead letters; the text is what the header carries."""

    # the bytes
    NULL_VALUE = "null_value"
    EMPTY = "empty"
    TOO_LARGE = "too_large"
    HEADERS_TOO_LARGE = "headers_too_large"
    BAD_ENCODING = "bad_encoding"
    BAD_JSON = "bad_json"
    NOT_AN_OBJECT = "not_an_object"
    TOO_DEEP = "too_deep"
    DUPLICATE_KEY = "duplicate_key"
    NUMBER_RANGE = "number_range"
    NUMBER_NOT_FINITE = "number_not_finite"
    UNREADABLE = "unreadable"
    # the fields
    UNKNOWN_EVENT = "unknown_event"
    NEWER_SCHEMA = "newer_schema"
    MISSING_FIELD = "missing_field"
    BAD_FIELD = "bad_field"
    BAD_ID = "bad_id"
    BAD_TIME = "bad_time"
    TIME_RANGE = "time_range"
    TIME_IN_FUTURE = "time_in_future"
    NO_USER = "no_user"
    PERSONAL_DATA = "personal_data"
    SELF_REFERENCE = "self_reference"
    TOO_MANY = "too_many"
    # the record in its topic
    NO_KEY = "no_key"
    KEY_MISMATCH = "key_mismatch"
    EVENT_ID_REUSED = "event_id_reused"
    # the sender
    USER_FLOOD = "user_flood"
    USER_ITEM_FLOOD = "user_item_flood"
    ITEM_FLOOD = "item_flood"
    BOT = "bot"


class Rejection(Exception):
    """A record that cannot be used; `message` is one sentence its sender can act on."""

    def __init__(self, reason: Reason, message: str) -> None:
        super().__init__(f"{reason}: {message}")
        self.reason, self.message = reason, message
