"""Reading JSON whose shape is only hoped for: what is absent or of another type is empty."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

Body = dict[str, Any]
#: Our field name → names it goes by elsewhere, the most trustworthy first.
Names = Mapping[str, tuple[str, ...]]

_NUMBER = re.compile(r"-?\d{1,15}(\.\d{1,9})?")


def table(body: Body, name: str) -> Body:
    """The object under `name`, or an empty one."""
    value = body.get(name)
    return value if isinstance(value, dict) else {}


def rows(body: Body, name: str) -> list[Body]:
    """The objects in the list under `name`; a single object is a list of one."""
    value = body.get(name)
    if isinstance(value, dict):
        return [value]
    return [row for row in value if isinstance(row, dict)] if isinstance(value, list) else []


def first(body: Body, names: Iterable[str]) -> Any:
    """The first value under one of `names` that is not null."""
    return next((body[name] for name in names if body.get(name) is not None), None)


def pick(body: Body, names: Names) -> Body:
    """Our fields found in `body` under their own or another name, without nulls."""
    found = {ours: first(body, (ours, *others)) for ours, others in names.items()}
    return {ours: value for ours, value in found.items() if value is not None}


def filled(body: Body, more: Body) -> Body:
    """`body` with what it lacks, or holds as null, taken from `more`."""
    return {**more, **{name: value for name, value in body.items() if value is not None}}


def number(value: Any) -> Any:
    """A number that was sent as text; whole numbers as integers; anything else unchanged."""
    if isinstance(value, str) and _NUMBER.fullmatch(value.strip()):
        value = float(value)
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return int(value)
    return value


def named_values(fields: list[Body]) -> Body:
    """`{name: value}` of Metarank's `[{"name": …, "value": …}]`."""
    return {row["name"]: row.get("value") for row in fields if isinstance(row.get("name"), str)}
