"""The field types every model shares: ids, times, text, money, free objects.

Each one normalises before it validates, so that a model built from bytes, from a dictionary or by
hand holds the same values, and reading back what was written changes nothing.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Annotated, Any

import orjson
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    JsonValue,
    StringConstraints,
    WithJsonSchema,
)
from pydantic_core import PydanticCustomError

from recaug.bounds import Bound, hit
from recaug.events.reasons import Reason
from recaug.events.text import clean_id, clean_text
from recaug.events.times import EARLIEST_MS, LATEST_MS, to_ms

ID_LENGTH = 128
MAX_LINES = 200
FREE_BYTES = 4_096
FREE_DEPTH = 8
ATTENTION_MS = 3_600_000

# No white space at the ends, no control or invisible characters, no two dots in a row: an id
# never names a directory above. Written for every regular expression dialect, so no look-around.
_ORDINARY = (
    r"[^\s.\u0000-\u001f\u007f-\u009f\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff]"
)
ID_PATTERN = rf"^\.?{_ORDINARY}(\.? ?{_ORDINARY})*\.?$"

# What a producer's missing variable prints as.
_NOTHING = frozenset({"null", "undefined", "none", "nan", "nil", "[object object]"})
_EMAIL_OR_PHONE = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+|\+[\d ()-]{8,20}")


class Record(BaseModel):
    """What travels: frozen, strict, finite; fields it does not know are dropped."""

    model_config = ConfigDict(frozen=True, strict=True, extra="ignore", allow_inf_nan=False)


def _id(value: object) -> object:
    if type(value) is int:
        return _id_number(value)
    if not isinstance(value, str):
        return value
    text = clean_id(value)
    if len(text) <= 15 and text.lower() in _NOTHING:
        raise PydanticCustomError(
            Reason.BAD_ID.value,
            "is the text '{text}', which is what a missing variable prints: send the id, or leave"
            " the field out",
            {"text": text},
        )
    return text


def _id_number(value: int) -> str:
    if 0 <= value < 2**63:
        return str(value)
    raise PydanticCustomError(
        Reason.NUMBER_RANGE.value, "is a number outside 0 … 2^63-1: send the id as text"
    )


def _user_id(value: object) -> object:
    text = _id(value)
    if isinstance(text, str) and ("@" in text or text[:1] == "+") and _personal(text):
        raise PydanticCustomError(
            Reason.PERSONAL_DATA.value,
            "looks like an e-mail address or telephone number: send an opaque id instead, for"
            " instance a hash of it",
        )
    return text


def _personal(text: str) -> bool:
    # The pattern takes the square of the length; a longer text is no id anyway.
    return len(text) <= ID_LENGTH and _EMAIL_OR_PHONE.fullmatch(text) is not None


# Constraints stand before the function: pydantic checks them in Rust only then.
_ID_SHAPE = StringConstraints(min_length=1, max_length=ID_LENGTH, pattern=ID_PATTERN)

#: Any id: 1–128 characters; an integer is taken as its digits.
Id = Annotated[str, _ID_SHAPE, BeforeValidator(_id)]
#: An id of a person, which must not be personal data itself.
UserId = Annotated[str, _ID_SHAPE, BeforeValidator(_user_id)]


def _schema_of_time() -> dict[str, Any]:
    number = {"type": "integer", "minimum": EARLIEST_MS, "maximum": LATEST_MS}
    return {"anyOf": [number, {"type": "string", "format": "date-time"}]}


#: Epoch milliseconds; seconds, microseconds, nanoseconds and ISO 8601 text are converted.
EpochMs = Annotated[
    int,
    Field(ge=EARLIEST_MS, le=LATEST_MS),
    BeforeValidator(to_ms),
    WithJsonSchema(_schema_of_time()),
]


def _cut(most: int) -> Callable[[object], object]:
    return lambda value: clean_text(value, most) if isinstance(value, str) else value


def _upper(value: object) -> object:
    return value.strip().upper() if isinstance(value, str) else value


def _capped(value: int) -> int:
    if value > ATTENTION_MS:
        hit(Bound.ATTENTION)
    return min(value, ATTENTION_MS)


Short = Annotated[str, StringConstraints(max_length=64), BeforeValidator(_cut(64))]
Label = Annotated[str, StringConstraints(max_length=256), BeforeValidator(_cut(256))]
Term = Annotated[str, StringConstraints(min_length=1, max_length=512), BeforeValidator(_cut(512))]
Url = Annotated[str, StringConstraints(max_length=2_048), BeforeValidator(_cut(2_048))]
Prose = Annotated[str, StringConstraints(max_length=4_000), BeforeValidator(_cut(4_000))]

Currency = Annotated[str, StringConstraints(pattern="^[A-Z]{3}$"), BeforeValidator(_upper)]
Money = Annotated[float, Field(ge=0, le=1e12)]
Index = Annotated[int, Field(ge=0, le=1_000_000)]
Quantity = Annotated[int, Field(ge=1, le=1_000_000)]
#: Milliseconds of attention; more than an hour is a tab left open and counts as one hour.
Attention = Annotated[int, Field(ge=0, le=2**53), AfterValidator(_capped)]


def _free(value: dict[str, JsonValue]) -> dict[str, JsonValue]:
    _check_free(value, FREE_DEPTH)
    if len(orjson.dumps(value)) > FREE_BYTES:
        raise PydanticCustomError(
            Reason.TOO_LARGE.value, "is more than 4096 bytes of JSON: send less of it"
        )
    return value


def _check_free(value: JsonValue, depth: int) -> None:
    if isinstance(value, dict | list):
        if depth == 0:
            raise PydanticCustomError(
                Reason.TOO_DEEP.value, "is nested more than 8 levels deep: flatten it"
            )
        for inner in value.values() if isinstance(value, dict) else value:
            _check_free(inner, depth - 1)
    elif isinstance(value, float) and not math.isfinite(value):
        raise PydanticCustomError(
            Reason.NUMBER_NOT_FINITE.value, "holds NaN or Infinity: leave that field out"
        )
    elif isinstance(value, int) and not -(2**63) <= value < 2**63:
        raise PydanticCustomError(
            Reason.NUMBER_RANGE.value, "holds a number beyond 64 bits: send it as text"
        )


#: Anything the producer likes to keep with the event, at most 4 KiB and 8 levels.
Free = Annotated[dict[str, JsonValue], AfterValidator(_free)]
