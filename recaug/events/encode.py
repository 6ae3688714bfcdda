"""Models as bytes: the one canonical JSON form, written once and read by every later stage."""

from __future__ import annotations

from typing import Any

import orjson
from pydantic import BaseModel

from recaug.events.recommendation import Recommendation


def to_bytes(model: BaseModel) -> bytes:
    """Canonical JSON: fields in the model's order, event time in epoch milliseconds.

    Nulls are left out, except in a recommendation, where `fallback: null` says something.
    """
    if isinstance(model, Recommendation):
        return orjson.dumps(model.__dict__, default=_with_nulls)
    return orjson.dumps(_without_nulls(model), default=_without_nulls)


def _with_nulls(model: Any) -> dict[str, Any]:
    return _known(model).__dict__


def _without_nulls(model: Any) -> dict[str, Any]:
    fields = _known(model).__dict__
    return {name: value for name, value in fields.items() if value is not None}


def _known(model: Any) -> BaseModel:
    if isinstance(model, BaseModel):
        return model
    raise TypeError(f"{type(model).__name__} has no JSON form")
