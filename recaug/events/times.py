"""Event time: whatever a producer writes, as integer epoch milliseconds.

The unit of a number is read from its size, which is unambiguous for 1973 to 5138:
below 1e11 seconds, below 1e14 milliseconds, below 1e17 microseconds, then nanoseconds.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from pydantic_core import PydanticCustomError

from recaug.events.reasons import Reason

#: 1973-03-03, below which milliseconds would read as seconds.
EARLIEST_MS = 10**11
#: 5138-11-16.
LATEST_MS = 10**14 - 1

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_NUMBER = re.compile(r"\d{9,19}(\.\d{1,9})?")


def to_ms(value: object) -> object:
    """Epoch milliseconds of a number, a number in text, or ISO 8601 text (UTC if it names none)."""
    if type(value) is int:
        return value if EARLIEST_MS <= value <= LATEST_MS else _scaled(value)
    if type(value) is float:
        return _scaled(value)
    if isinstance(value, str):
        return _of_text(value.strip())
    raise PydanticCustomError(
        Reason.BAD_TIME.value,
        "must be a time: epoch milliseconds (1764000000000) or RFC 3339 text",
    )


def rfc3339(at_ms: int) -> str:
    """`2025-11-24T16:00:00.000Z`."""
    seconds, millis = divmod(at_ms, 1000)  # a float would lose the last digit of late years
    return f"{datetime.fromtimestamp(seconds, UTC).isoformat()[:19]}.{millis:03d}Z"


def _of_text(text: str) -> object:
    if len(text) <= 32 and _NUMBER.fullmatch(text):
        return _scaled(float(text) if "." in text else int(text))
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise PydanticCustomError(
            Reason.BAD_TIME.value,
            "is not a time: send epoch milliseconds (1764000000000) or RFC 3339 text"
            " (2025-11-24T16:00:00Z)",
        ) from None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return _in_range((moment - _EPOCH) // _MILLISECOND)


def _scaled(number: float) -> int:
    if not 0 < number < 10**20:  # also NaN
        raise _out_of_range()
    if number < 10**11:
        return _in_range(round(number * 1000))
    if number < 10**14:
        return _in_range(round(number))
    return _in_range(int(number) // (1_000 if number < 10**17 else 1_000_000))


def _in_range(at_ms: int) -> int:
    if EARLIEST_MS <= at_ms <= LATEST_MS:
        return at_ms
    raise _out_of_range()


def _out_of_range() -> PydanticCustomError:
    return PydanticCustomError(
        Reason.TIME_RANGE.value,
        "is before 1973 or after 5138: send the time of the event in epoch milliseconds",
    )
