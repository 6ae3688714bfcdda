"""CloudEvents 1.0 over Kafka, read in both modes.

Structured mode: header `content-type: application/cloudevents+json`, everything in the value.
Binary mode: `ce_*` headers, the value is the event. What the event itself says wins over both.
"""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Sequence
from typing import Any

from recaug.bounds import Bound, hit
from recaug.events.decode import decode
from recaug.events.reasons import Reason, Rejection

Headers = Sequence[tuple[str, bytes]]

MAX_HEADER_BYTES = 8_192
#: A header may be empty, and then only their number tells that they are too many.
MAX_HEADERS = 256
_TYPE = "io.recaug.event."
_VERSION = re.compile(r"\.v(\d{1,9})$")
_REQUIRED = frozenset({"ce_id", "ce_type", "ce_source", "ce_specversion"})


def check_headers(headers: Headers) -> None:
    if len(headers) > MAX_HEADERS:
        hit(Bound.HEADER_COUNT)
        raise Rejection(
            Reason.HEADERS_TOO_LARGE,
            f"There are {len(headers):,} headers, more than {MAX_HEADERS}: put data into the"
            " value.",
        )
    size = sum(len(name) + len(value or b"") for name, value in headers)
    if size > MAX_HEADER_BYTES:
        hit(Bound.HEADERS)
        raise Rejection(
            Reason.HEADERS_TOO_LARGE,
            f"The headers are {size:,} bytes, more than {MAX_HEADER_BYTES:,}: put data into the"
            " value.",
        )


def is_structured(headers: Headers) -> bool:
    return any(
        name.lower() == "content-type"
        and (value or b"").strip().lower().startswith(b"application/cloudevents")
        for name, value in headers
    )


def from_headers(headers: Headers) -> dict[str, Any]:
    """Envelope fields a binary mode event carries in its headers; empty in any other record."""
    found = {name.lower(): value for name, value in headers if value}
    if not found.keys() >= _REQUIRED:
        return {}
    attributes = {
        name[3:]: value.decode("utf-8", "replace")
        for name, value in found.items()
        if name.startswith("ce_")
    }
    return _envelope(attributes)


def from_structured(outer: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The event inside a structured mode value, and the envelope fields around it."""
    data = outer.get("data")
    if data is None and isinstance(encoded := outer.get("data_base64"), str):
        data = _decoded(encoded)
    if not isinstance(data, dict):
        raise Rejection(
            Reason.MISSING_FIELD,
            "The CloudEvent has no data object: put the event's fields into `data`.",
        )
    return data, _envelope(outer)


def _envelope(attributes: dict[str, Any]) -> dict[str, Any]:
    kind = attributes.get("type")
    fields = {
        "event": _event_of(kind) if isinstance(kind, str) else None,
        "event_id": attributes.get("id"),
        "timestamp": attributes.get("time"),
    }
    return {name: value for name, value in fields.items() if value is not None}


def _event_of(kind: str) -> str:
    """`click` of `io.recaug.event.click.v1`, or of `com.shop.click`."""
    version = _VERSION.search(kind)
    if version is not None and kind.startswith(_TYPE) and int(version[1]) > 1:
        raise Rejection(
            Reason.NEWER_SCHEMA,
            f"{kind[:64]!r} is newer than v1, the version read here: update recaug first, then the"
            " producer.",
        )
    return _VERSION.sub("", kind).rsplit(".", 1)[-1]


def _decoded(encoded: str) -> dict[str, Any]:
    try:
        return decode(b64decode(encoded, validate=True))
    except ValueError:
        raise Rejection(
            Reason.BAD_ENCODING,
            "data_base64 of the CloudEvent is not base64: send `data` as JSON instead.",
        ) from None
