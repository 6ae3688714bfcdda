"""Protocol Buffers as they lie in a file: numbered fields, in the order written, nothing copied.

Every occurrence of a field is given out. Parsers keep the last of a repeated scalar and merge
repeated messages; whoever looks at all of them cannot be shown another message than the parser.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
_WIDTH: Final = {FIXED64: 8, FIXED32: 4}


class Malformed(ValueError):
    """The bytes are no message: cut short, or of a kind that is not written any more."""


def fields(message: memoryview) -> Iterator[tuple[int, int, int | memoryview]]:
    """(field number, wire type, value) of each field; a value is a number or a view of its bytes.

    Raises Malformed.
    """
    at, end = 0, len(message)
    while at < end:
        tag, at = _varint(message, at)
        number, kind = tag >> 3, tag & 7
        if not 0 < number < 1 << 29:
            raise Malformed(f"there is no field number {number}")
        if kind == VARINT:
            value, at = _varint(message, at)
            yield number, kind, value
            continue
        if kind == BYTES:
            size, at = _varint(message, at)
        elif kind in _WIDTH:
            size = _WIDTH[kind]
        else:
            raise Malformed(f"field {number} has wire type {kind}")
        if size > end - at:
            raise Malformed(f"field {number} is cut short")
        yield number, kind, message[at : at + size]
        at += size


def _varint(message: memoryview, at: int) -> tuple[int, int]:
    value = 0
    for shift in range(0, 70, 7):
        if at == len(message):
            raise Malformed("a number is cut short")
        byte = message[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value & (1 << 64) - 1, at
    raise Malformed("a number has more than ten bytes")
