"""What pydantic found, as a reason that counts and a sentence that mends."""

from __future__ import annotations

import re
from difflib import get_close_matches
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from recaug.bounds import Bound, hit
from recaug.events.kinds import EVENT_NAMES, MODELS
from recaug.events.reasons import Reason, Rejection

_OURS = frozenset(reason.value for reason in Reason)
_ID_ERRORS = frozenset({"string_too_short", "string_too_long", "string_pattern_mismatch"})


_FIRST_SENTENCE = re.compile(r"(?<=[.;:]) ")


def explain(error: ValidationError, model: type[BaseModel] | None) -> Rejection:
    """The first thing wrong, of a document of `model` or (None) of an event."""
    first = error.errors(include_url=False, include_context=True)[0]
    location = [str(part) for part in first["loc"]]
    name = location.pop(0) if model is None and location else ""
    model = model or MODELS.get(name)
    return _rejection(first, location, model, name or getattr(model, "__name__", "event").lower())


def _rejection(
    first: ErrorDetails, location: list[str], model: type[BaseModel] | None, name: str
) -> Rejection:
    kind, path = first["type"], ".".join(location)
    if kind in _OURS:
        return Rejection(Reason(kind), f"{path} {first['msg']}".strip() + ".")
    if kind in ("union_tag_not_found", "union_tag_invalid"):
        return _unknown_event(first)
    if kind == "missing":
        return Rejection(Reason.MISSING_FIELD, f"{path} is missing{_meaning(model, location)}")
    if kind in ("too_long", "too_short"):
        return _wrong_count(first, path)
    if kind == "string_too_long":
        hit(Bound.ID)
    if kind in _ID_ERRORS and _is_id(location):
        return _bad_id(path, first["input"])
    return Rejection(
        Reason.BAD_FIELD,
        f"{path}: {first['msg']}, got {_shown(first['input'])}; see schemas/v1/{name}.json.",
    )


def _unknown_event(first: ErrorDetails) -> Rejection:
    if first["type"] == "union_tag_not_found":
        return Rejection(
            Reason.MISSING_FIELD, f"event is missing: it is one of {', '.join(EVENT_NAMES)}."
        )
    name = str(first["ctx"]["tag"])[:64]
    near = get_close_matches(name.lower(), EVENT_NAMES, n=1)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    return Rejection(
        Reason.UNKNOWN_EVENT,
        f"event {name!r} is none of {', '.join(EVENT_NAMES)}.{hint}",
    )


def _meaning(model: type[BaseModel] | None, location: list[str]) -> str:
    field = model.model_fields.get(location[0]) if model and len(location) == 1 else None
    if field is None or not field.description:
        return ": add it."
    return f": add it. {_FIRST_SENTENCE.split(field.description)[0].rstrip('.;:')}."


def _wrong_count(first: ErrorDetails, path: str) -> Rejection:
    context: dict[str, Any] = first["ctx"]
    count = context["actual_length"]
    if first["type"] == "too_short":
        return Rejection(
            Reason.MISSING_FIELD, f"{path} is empty: send at least {context['min_length']}."
        )
    return Rejection(
        Reason.TOO_MANY,
        f"{path} holds {count or 'too many'}, more than {context['max_length']}: send the first"
        f" {context['max_length']}, or split the event.",
    )


def _is_id(location: list[str]) -> bool:
    name = next((part for part in reversed(location) if not part.isdigit()), "")
    return name.endswith(("_id", "_ids")) or name in ("tenant", "in_reply_to")


def _bad_id(path: str, given: object) -> Rejection:
    return Rejection(
        Reason.BAD_ID,
        f"{path} {_shown(given)} is not an id: send 1–128 visible characters, no two dots and no"
        " two spaces in a row.",
    )


def _shown(given: object) -> str:
    text = ascii(given)
    return text if len(text) <= 60 else f"{text[:57]}…"
