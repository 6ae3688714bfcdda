"""What has to be known about confluent-kafka, which the services and the audit read with."""

from __future__ import annotations

from typing import Any


def headers_of(message: Any) -> tuple[tuple[str, bytes], ...]:
    """The headers of a message, none where a name is no text: no such header is ever read here.

    On such a name the client returns and leaves an error behind, which the next that looks finds:
    `map` looks at once.
    """
    try:
        (found,) = map(type(message).headers, (message,))
    except (SystemError, UnicodeDecodeError):
        return ()
    return tuple(found or ())
