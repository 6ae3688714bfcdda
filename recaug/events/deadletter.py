"""Dead letters: the record as it came, and in KIP-1034 headers why it was refused, and whence.

Two kinds are not kept as they came: what is larger than the topic takes (a producer may have
compressed it to nothing), and what was refused because it is about a person by name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256

from recaug.bounds import Bound, hit
from recaug.events.cloudevents import Headers
from recaug.events.reasons import Reason, Rejection

_PREFIX = "__streams.errors."

#: Largest record kept whole: key, value and headers.
MAX_BYTES = 2**20
_HEAD_BYTES, _KEY_BYTES = 4_096, 512
#: What a header takes beside its name and its value, at most.
_HEADER_BYTES = 16
#: A record refused more often than this, and sent again each time, is not looked at any more.
MAX_REFUSALS = 3

_COUNT, _CUT = f"{_PREFIX}count", f"{_PREFIX}cut"

#: The headers a dead letter adds to those of the record, and what they say.
HEADERS: dict[str, str] = {
    f"{_PREFIX}exception": f"Why, from a closed list: {', '.join(Reason)}.",
    f"{_PREFIX}message": "One sentence for the sender: what is wrong and what to send instead.",
    f"{_PREFIX}topic": "Topic the record was in.",
    f"{_PREFIX}partition": "Its partition, in digits.",
    f"{_PREFIX}offset": "Its offset, in digits.",
    f"{_PREFIX}stacktrace": "Always empty: a refusal is not a failure of the program.",
    f"{_PREFIX}count": "How often it was refused: sent again with these headers, it counts on.",
    f"{_PREFIX}cut": "What is missing here: length and sha256 of a value that was too large, or"
    " `personal data`. Absent: nothing is missing.",
}


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A refused record, as `recaug dlq show` prints it; `headers` are those it came with."""

    reason: str
    message: str
    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...]

    @classmethod
    def read(cls, key: bytes | None, value: bytes | None, headers: Headers) -> DeadLetter:
        """From a record of the dead-letter topic; parts that are missing are empty or -1."""
        about = _about(headers)
        return cls(
            reason=about.get("exception", ""),
            message=about.get("message", ""),
            topic=about.get("topic", ""),
            partition=_number(about, "partition"),
            offset=_number(about, "offset"),
            key=key,
            value=value,
            headers=tuple(_original(headers)),
        )


@dataclass(frozen=True, slots=True)
class Letter:
    """Key, value and headers of a record for the dead-letter topic."""

    key: bytes | None
    value: bytes | None
    headers: list[tuple[str, bytes]]


def dead_letter(
    rejection: Rejection,
    place: tuple[str, int, int],
    key: bytes | None,
    value: bytes | None,
    headers: Headers,
) -> Letter:
    """What to write of a refused record, read at `place` (topic, partition, offset)."""
    if rejection.reason in (Reason.PERSONAL_DATA, Reason.ERASED):
        kept = dead_letter_headers(rejection, *place, _only_ours(headers))
        return Letter(None, None, [*kept, (_CUT, b"personal data")])
    if _size(key, value, headers) > MAX_BYTES:
        hit(Bound.DEAD_LETTER)
        kept = dead_letter_headers(rejection, *place, _only_ours(headers))
        about = f"bytes={len(value or b'')} sha256={sha256(value or b'').hexdigest()}"
        cut = None if value is None else value[:_HEAD_BYTES]
        return Letter(key and key[:_KEY_BYTES], cut, [*kept, (_CUT, about.encode())])
    return Letter(key, value, dead_letter_headers(rejection, *place, headers))


def check_refusals(headers: Headers) -> None:
    """Refuse a dead letter that was sent again and again: it would go round for ever."""
    times = _refusals(headers)
    if times > MAX_REFUSALS:
        raise Rejection(
            Reason.PARKED,
            f"The record was refused {times} times and sent again as it was: mend it, and send it"
            f" without the headers {_PREFIX}*.",
        )


def dead_letter_headers(
    rejection: Rejection, topic: str, partition: int, offset: int, original: Headers
) -> list[tuple[str, bytes]]:
    """The headers of a dead letter: those of the refused record, then why and whence."""
    about = {
        "exception": rejection.reason.value,
        "message": rejection.message,
        "topic": topic,
        "partition": str(partition),
        "offset": str(offset),
        "stacktrace": "",
        "count": str(_refusals(original) + 1),
    }
    # A message may quote what was sent; `replace` keeps half a surrogate pair from stopping it.
    written = [(_PREFIX + name, text.encode("utf-8", "replace")) for name, text in about.items()]
    return [*_original(original), *written]


def _size(key: bytes | None, value: bytes | None, headers: Headers) -> int:
    told = sum(len(name) + len(text or b"") + _HEADER_BYTES for name, text in headers)
    return len(key or b"") + len(value or b"") + told


def _refusals(headers: Headers) -> int:
    """How often a record was refused before."""
    found = next((value for name, value in headers if name == _COUNT), b"")
    return max(0, _number({"count": (found or b"").decode("utf-8", "replace")}, "count"))


def _only_ours(headers: Headers) -> Headers:
    """No header but the count, which goes on."""
    return [(name, value) for name, value in headers if name == _COUNT]


def _original(headers: Headers) -> list[tuple[str, bytes]]:
    """Without an earlier refusal's headers: a dead letter sent again tells of the latest one."""
    return [(name, value) for name, value in headers if not name.startswith(_PREFIX)]


def _about(headers: Headers) -> dict[str, str]:
    return {
        name.removeprefix(_PREFIX): (value or b"").decode("utf-8", "replace")
        for name, value in headers
        if name.startswith(_PREFIX)
    }


def _number(about: Mapping[str, str], name: str) -> int:
    text = about.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 20 else -1
