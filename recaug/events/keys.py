"""Whether a reader kept every key of a JSON text: none that it does not know, none there twice.

JSON readers take the last of two equal keys; which one its sender meant nobody knows.
"""

from __future__ import annotations

import re

from pydantic import BaseModel

_KEY = re.compile(rb'"[ \t\r\n]*:')


def keeps_every_key(held: object, value: bytes) -> bool:
    """Whether `held`, a model or plain fields read from `value`, has as many keys as `value`."""
    top = held.model_fields_set if isinstance(held, BaseModel) else held
    if isinstance(top, set | dict) and value.count(b":") == len(top):
        return True
    return len(_KEY.findall(value)) == _keys(held)


def _keys(held: object) -> int:
    """How many JSON keys it was read from."""
    if isinstance(held, BaseModel):
        inner = [held.__dict__[name] for name in held.model_fields_set]
    elif isinstance(held, dict):
        inner = list(held.values())
    elif isinstance(held, list | tuple):
        return sum(map(_keys, held))
    else:
        return 0
    return len(inner) + sum(map(_keys, inner))
