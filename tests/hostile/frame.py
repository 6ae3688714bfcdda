"""A record as one string of bytes, for a fuzzer that knows no other kind of input."""

from __future__ import annotations

from recaug.clean import RawRecord
from tests.hostile.sent import Sent
from tests.hostile.total import INPUTS

_NO_KEY = 255
_HEADERS = 8


def encode(sent: Sent) -> bytes:
    """Topic, key and headers with their lengths in a byte each, then the value."""
    key = sent.key
    parts = [bytes([INPUTS.index(sent.topic), _NO_KEY if key is None else min(len(key), 254)])]
    parts += [(key or b"")[:254], bytes([len(sent.headers[:_HEADERS])])]
    for name, value in sent.headers[:_HEADERS]:
        parts += _sized(name.encode()), _sized(value)
    return b"".join((*parts, sent.value or b""))


def decode(data: bytes, now_ms: int) -> RawRecord:
    """The record that any bytes stand for."""
    rest = memoryview(data)
    topic, rest = _number(rest)
    length, rest = _number(rest)
    key, rest = (None, rest) if length == _NO_KEY else (bytes(rest[:length]), rest[length:])
    count, rest = _number(rest)
    headers = []
    for _ in range(count % (_HEADERS + 1)):
        name, rest = _text(rest)
        value, rest = _text(rest)
        headers.append((name.decode("utf-8", "replace"), value))
    where = INPUTS[topic % len(INPUTS)]
    return RawRecord(where, 0, 0, key, bytes(rest), tuple(headers), now_ms)


def _sized(data: bytes) -> bytes:
    return bytes([min(len(data), 255)]) + data[:255]


def _number(rest: memoryview) -> tuple[int, memoryview]:
    return (rest[0], rest[1:]) if rest else (0, rest)


def _text(rest: memoryview) -> tuple[bytes, memoryview]:
    length, rest = _number(rest)
    return bytes(rest[:length]), rest[length:]
