"""Bytes to a JSON object, or the reason why not. Total: whatever the bytes, nothing else escapes.

The standard library's parser is used because it can be told to refuse what it would silently
accept: NaN, repeated keys, numbers no other reader can hold.
"""

from __future__ import annotations

import codecs
import json
from collections import Counter
from typing import Any, NoReturn

import orjson

from recaug.events.reasons import Reason, Rejection

MAX_DEPTH = 16
_BOMS = (codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, codecs.BOM_UTF32_BE)
# Confluent's JSON Schema serializer puts a zero byte and a four-byte schema id before the JSON.
_FRAME = 5


def check_size(value: bytes | None, max_bytes: int) -> bytes:
    """The value, if there is one of a size that is read at all."""
    if value is None:
        raise Rejection(
            Reason.NULL_VALUE,
            "The value is null: send a JSON object. Only items and users are deleted with a null.",
        )
    if len(value) > max_bytes:
        raise Rejection(
            Reason.TOO_LARGE,
            f"The value is {len(value):,} bytes, more than {max_bytes:,}: send less with one event,"
            " or raise RECAUG_MAX_BYTES.",
        )
    return value


def decode(value: bytes) -> dict[str, Any]:
    """The JSON object in `value`; raises only `Rejection`."""
    value = _unframed(value)
    text = _text(value)
    try:
        body = json.loads(
            text,
            object_pairs_hook=_object,
            parse_constant=_constant,
            parse_int=_int,
            parse_float=_float,
        )
    except RecursionError:
        raise _too_deep() from None
    except ValueError as error:
        raise Rejection(
            Reason.BAD_JSON,
            f"The value is not one JSON document ({error}): send one JSON object a record,"
            " as UTF-8.",
        ) from None
    if not isinstance(body, dict):
        raise Rejection(
            Reason.NOT_AN_OBJECT,
            f'The value is a JSON {_NAMES[type(body)]}: send an object, {{"event": "click", …}}.',
        )
    _check_depth(body, MAX_DEPTH)
    _check_surrogates(value, text)
    return body


_NAMES = {
    list: "array",
    str: "string",
    int: "number",
    float: "number",
    bool: "boolean",
    type(None): "null",
}


def _unframed(value: bytes) -> bytes:
    return value[_FRAME:] if value[:1] == b"\x00" and value[_FRAME : _FRAME + 1] == b"{" else value


def _text(value: bytes) -> str:
    if not value.strip(b" \t\r\n"):
        raise Rejection(Reason.EMPTY, "The value is empty: send a JSON object.")
    if value.startswith(_BOMS) or b"\x00" in value[:4]:
        raise Rejection(
            Reason.BAD_ENCODING,
            "The value starts with a byte order mark or is not UTF-8"
            f" (first bytes {value[:4].hex(' ')}): send JSON text as UTF-8 without a mark.",
        )
    try:
        return value.decode()
    except UnicodeDecodeError as error:
        raise Rejection(
            Reason.BAD_ENCODING,
            f"The value is not UTF-8 from byte {error.start} on: send JSON text as UTF-8,"
            " neither compressed nor binary.",
        ) from None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    body = dict(pairs)
    if len(body) == len(pairs):
        return body
    times = Counter(name for name, _ in pairs)
    twice = next(name for name, count in times.items() if count > 1)
    raise Rejection(
        Reason.DUPLICATE_KEY, f"{twice[:64]!r} is there twice in one object: send it once."
    )


def _constant(text: str) -> NoReturn:
    raise Rejection(Reason.NUMBER_NOT_FINITE, f"{text} is not a JSON number: leave that field out.")


def _int(text: str) -> int:
    if len(text) <= 20 and -(2**63) <= (number := int(text)) < 2**64:
        return number
    raise _number_range(text)


def _float(text: str) -> float:
    number = float(text)
    if number in (float("inf"), float("-inf")):
        raise _number_range(text)
    return number


def _number_range(text: str) -> Rejection:
    shown = text if len(text) <= 24 else f"{text[:20]}… ({len(text):,} digits)"
    return Rejection(Reason.NUMBER_RANGE, f"{shown} does not fit into 64 bits: send an id as text.")


def _check_depth(body: object, depth: int) -> None:
    if isinstance(body, dict | list):
        if depth == 0:
            raise _too_deep()
        for inner in body.values() if isinstance(body, dict) else body:
            _check_depth(inner, depth - 1)


def _too_deep() -> Rejection:
    return Rejection(
        Reason.TOO_DEEP, f"The value is nested more than {MAX_DEPTH} levels deep: flatten it."
    )


def _check_surrogates(value: bytes, text: str) -> None:
    """Half a surrogate pair cannot be written as UTF-8, so no later stage could pass it on."""
    if "\\ud" not in text.lower():
        return
    try:
        orjson.loads(value)
    except orjson.JSONDecodeError:
        raise Rejection(
            Reason.BAD_ENCODING,
            r"An escape \ud800 … \udfff stands alone: the text was cut inside a character; cut it"
            " between characters.",
        ) from None
