"""Dead letters: the record as it came, and in KIP-1034 headers why it was refused, and whence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from recaug.events.cloudevents import Headers
from recaug.events.reasons import Reason, Rejection

_PREFIX = "__streams.errors."

#: The headers a dead letter adds to those of the record, and what they say.
HEADERS: dict[str, str] = {
    f"{_PREFIX}exception": f"Why, from a closed list: {', '.join(Reason)}.",
    f"{_PREFIX}message": "One sentence for the sender: what is wrong and what to send instead.",
    f"{_PREFIX}topic": "Topic the record was in.",
    f"{_PREFIX}partition": "Its partition, in digits.",
    f"{_PREFIX}offset": "Its offset, in digits.",
    f"{_PREFIX}stacktrace": "Always empty: a refusal is not a failure of the program.",
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
    }
    # A message may quote what was sent; `replace` keeps half a surrogate pair from stopping it.
    written = [(_PREFIX + name, text.encode("utf-8", "replace")) for name, text in about.items()]
    return [*_original(original), *written]


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
