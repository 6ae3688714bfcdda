"""A refused value with some of its fields set."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson

from recaug.errors import Failure


def with_fields(value: bytes | None, fields: Sequence[tuple[str, Any]]) -> bytes:
    """Return the JSON object `value` with the field at each dotted path set.

    >>> with_fields(b'{"items": [{}]}', [("items.0.item_id", "i1"), ("user_id", "u1")])
    b'{"items":[{"item_id":"i1"}],"user_id":"u1"}'

    :raises Failure: the value is no JSON object, or a path leads nowhere.
    """
    try:
        body = orjson.loads(value or b"")
    except orjson.JSONDecodeError as error:
        raise Failure(
            "no field can be set", f"the value is not JSON ({error})",
            "mend all of it in a file: --from FILE",
        ) from None  # fmt: skip
    for path, new in fields:
        _set(body, path, new)
    return orjson.dumps(body)


def _set(body: Any, path: str, new: Any) -> None:
    *parents, last = path.split(".")
    for part in parents:
        if isinstance(body, dict):
            body = body.setdefault(part, {})
        else:
            body = body[_index(body, part, path)]
    if isinstance(body, dict):
        body[last] = new
    else:
        body[_index(body, last, path)] = new


def _index(body: Any, part: str, path: str) -> int:
    if isinstance(body, list) and part.isascii() and part.isdigit() and int(part) < len(body):
        return int(part)
    kind = f"a list of {len(body)}" if isinstance(body, list) else type(body).__name__
    raise Failure(
        f"{path} cannot be set", f"there is no {part!r} in {kind}",
        "recaug dlq show LETTER   shows the value; mend all of it with --from FILE",
    )  # fmt: skip


def assignment(text: str) -> tuple[str, Any]:
    """Return path and value of `PATH=VALUE`; what is no JSON is text.

    >>> assignment("quantity=2"), assignment("item_id=sku-1"), assignment('user_id="7"')
    (('quantity', 2), ('item_id', 'sku-1'), ('user_id', '7'))

    :raises ValueError: there is no path, or no `=`.
    """
    path, found, value = text.partition("=")
    if not found or not path:
        raise ValueError(f"{text!r} sets nothing: write FIELD=VALUE, e.g. item_id=sku-1")
    try:
        return path, orjson.loads(value)
    except orjson.JSONDecodeError:
        return path, value
