"""How much an object holds: the largest container that can be reached from it."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import Any

_HELD = (dict, list, tuple, set, frozenset, deque, bytearray)


def largest(root: object) -> int:
    """Entries of the largest container reachable through attributes and containers."""
    return max(len(one) for one in _containers(root))


def _containers(root: object) -> Iterator[Any]:
    seen, todo = set[int](), [root]
    while todo:
        one = todo.pop()
        if id(one) in seen or isinstance(one, type | str | bytes):
            continue
        seen.add(id(one))
        if isinstance(one, _HELD):
            yield one
        todo += _parts(one)


def _parts(one: object) -> list[Any]:
    if isinstance(one, dict):
        return [*one.keys(), *one.values()]
    if isinstance(one, list | tuple | set | frozenset | deque):
        return list(one)
    if type(one).__module__.partition(".")[0] not in ("recaug", "streams"):
        return []
    slots = [name for kind in type(one).__mro__ for name in getattr(kind, "__slots__", ())]
    named = [getattr(one, name) for name in slots if hasattr(one, name)]
    return [*named, *getattr(one, "__dict__", {}).values()]
