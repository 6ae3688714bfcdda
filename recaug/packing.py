"""Short strings and small numbers in as few bytes as is cheap: what users' histories are made of.

names    what all begin with is kept once; lengths once where they are equal; digits and hex
         letters, of which most ids consist, two to a byte
kinds    numbers below 16, two to a byte
"""

from __future__ import annotations

import struct
from collections.abc import Sequence

_EQUAL, _HALVED = 1, 2
_HEAD = struct.Struct("<BH")  # flags, bytes of what all begin with


def pack_names(names: Sequence[str]) -> bytes:
    """Bytes that `unpack_names` reads back; each name has at most 255 characters."""
    shared = _shared(names)
    rests = [name[len(shared) :] for name in names] if shared else names
    text, sizes = "".join(rests), bytes(map(len, rests))
    halved = _halve(text)
    equal = bool(sizes) and sizes.count(sizes[:1]) == len(sizes)
    flags = (_EQUAL if equal else 0) | (_HALVED if halved is not None else 0)
    start = shared.encode()
    rest = text.encode() if halved is None else halved
    return b"".join((_HEAD.pack(flags, len(start)), start, sizes[:1] if equal else sizes, rest))


def unpack_names(data: bytes, count: int) -> list[str]:
    """The `count` names of `data`, which holds nothing else. Raises ValueError, struct.error."""
    flags, start = _HEAD.unpack_from(data)
    at = _HEAD.size + start
    shared = data[_HEAD.size : at].decode()
    kept = 1 if flags & _EQUAL else count
    sizes = data[at : at + kept] * (count if flags & _EQUAL else 1)
    text, size = data[at + kept :], sum(sizes)
    if len(sizes) != count or (flags & _HALVED and len(text) != (size + 1) // 2):
        raise ValueError("names are cut short")
    return _split(text.hex()[:size] if flags & _HALVED else text.decode(), sizes, shared)


def pack_kinds(kinds: Sequence[int]) -> bytes:
    """Two to a byte; each is below 16."""
    return bytes.fromhex(_even(bytes(kinds).hex()[1::2]))


def unpack_kinds(data: bytes, count: int) -> list[int]:
    """The `count` numbers of `data`. Raises ValueError."""
    if len(data) != (count + 1) // 2:
        raise ValueError("kinds are cut short")
    return list(bytes.fromhex("0" + "0".join(data.hex()[:count]))) if count else []


def _shared(names: Sequence[str]) -> str:
    """What all names begin with: what the first and the last of them do, were they in order."""
    if not names:
        return ""
    first, last = min(names), max(names)
    for at, (one, other) in enumerate(zip(first, last, strict=False)):
        if one != other:
            return first[:at]
    return first


def _halve(text: str) -> bytes | None:
    """Two characters to a byte where they are what `bytes.hex` writes, or None."""
    padded = _even(text)
    try:
        found = bytes.fromhex(padded)
    except ValueError:
        return None
    return found if found.hex() == padded else None  # it also reads capitals and spaces


def _even(digits: str) -> str:
    return digits + "0" * (len(digits) % 2)


def _split(text: str, sizes: bytes, shared: str) -> list[str]:
    if sum(sizes) != len(text):
        raise ValueError("names are cut short")
    names, at = [], 0
    for size in sizes:
        names.append(shared + text[at : at + size])
        at += size
    return names
