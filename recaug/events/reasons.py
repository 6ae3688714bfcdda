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
    PARKED = "parked"
    SYNTHETIC = "synthetic"
    ERASED = "erased"
    # the sender
    USER_FLOOD = "user_flood"
    USER_ITEM_FLOOD = "user_item_flood"
    ITEM_FLOOD = "item_flood"
    BOT = "bot"


#: When each is given, for the reference and for whoever counts them.
MEANINGS: dict[Reason, str] = {
    Reason.NULL_VALUE: "An event with a null value; only items and users are deleted with one.",
    Reason.EMPTY: "No bytes, or white space only.",
    Reason.TOO_LARGE: "The value, or a free object in it, is larger than is read.",
    Reason.HEADERS_TOO_LARGE: "More than 8 KiB of headers.",
    Reason.BAD_ENCODING: "Not UTF-8, a byte order mark, half a surrogate pair.",
    Reason.BAD_JSON: "Not one JSON document: cut off, two documents, compressed, another format.",
    Reason.NOT_AN_OBJECT: "JSON, but an array, a string, a number, true, false or null.",
    Reason.TOO_DEEP: "Nested deeper than 16 levels, or 8 in a free object.",
    Reason.DUPLICATE_KEY: "A key twice in one object.",
    Reason.NUMBER_RANGE: "A number beyond 64 bits.",
    Reason.NUMBER_NOT_FINITE: "NaN or Infinity.",
    Reason.UNREADABLE: "A bug of recaug: please report it.",
    Reason.UNKNOWN_EVENT: "`event` is none of ours or of the dialects read.",
    Reason.NEWER_SCHEMA: "The producer writes a later version than is read here.",
    Reason.MISSING_FIELD: "A required field is absent, null or an empty list.",
    Reason.BAD_FIELD: "A field of the wrong type, or out of its range.",
    Reason.BAD_ID: "An id that is empty, too long, or the text of a missing variable.",
    Reason.BAD_TIME: "A time that cannot be read.",
    Reason.TIME_RANGE: "A time before 1973 or after 5138.",
    Reason.TIME_IN_FUTURE: "A time more than five minutes ahead of the clock.",
    Reason.NO_USER: "Neither `user_id` nor `anonymous_id`.",
    Reason.PERSONAL_DATA: "A user id that is an e-mail address or a telephone number.",
    Reason.SELF_REFERENCE: "A user who follows themselves.",
    Reason.TOO_MANY: "More than 200 items, or several events in one record.",
    Reason.NO_KEY: "A delete, whose record must have a key, has none.",
    Reason.KEY_MISMATCH: "The key is not the id in the document.",
    Reason.EVENT_ID_REUSED: "An event id that was another user's event before.",
    Reason.PARKED: "A dead letter sent again and refused more than three times.",
    Reason.SYNTHETIC: "Test traffic, `properties.synthetic: true`, in production.",
    Reason.ERASED: "Sent before its user was erased, and read after: nothing of it is kept.",
    Reason.USER_FLOOD: "More events of one user than the limit.",
    Reason.USER_ITEM_FLOOD: "More events of one user on one item than the limit.",
    Reason.ITEM_FLOOD: "More events on one item than the limit.",
    Reason.BOT: "Events as regular as only a program sends them.",
}


class Rejection(Exception):
    """A record that cannot be used; `message` is one sentence its sender can act on."""

    def __init__(self, reason: Reason, message: str) -> None:
        super().__init__(f"{reason}: {message}")
        self.reason, self.message = reason, message
