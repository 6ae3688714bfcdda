from __future__ import annotations

from typing import Any


def event_fields(body: dict[str, Any], value: bytes) -> dict[str, Any]:
    return body


def item_fields(body: dict[str, Any], value: bytes) -> dict[str, Any]:
    return body


def user_fields(body: dict[str, Any], value: bytes) -> dict[str, Any]:
    return body
