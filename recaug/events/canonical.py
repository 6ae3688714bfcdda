"""Recognise a record that is canonical already, so that its bytes pass as they are.

Most producers that matter write canonical events. For them nothing has to be normalised, and so
neither a model built nor JSON written: the schemas of `recaug.events.kinds`, with every normaliser
replaced by a pattern that only text it would leave alone matches, are checked in Rust. What does
not match is not wrong, it takes the way through `parse`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from pydantic import TypeAdapter
from pydantic_core import CoreConfig, CoreSchema, SchemaValidator, ValidationError

from recaug.events import fields as normal
from recaug.events.envelope import Envelope
from recaug.events.keys import keeps_every_key
from recaug.events.kinds import Event
from recaug.events.social import Follow
from recaug.events.times import to_ms

# A digit somewhere: the words that a missing variable prints as have none. No dot, space, @ or +:
# no path, nothing to trim, no address, no telephone number.
_PLAIN_ID = r"^[A-Za-z_-]*[0-9][A-Za-z0-9_:-]*$"
_PLAIN_TEXT = r"^[!-~]+( [!-~]+)*$"

Fields = dict[str, Any]


def canonical(value: bytes) -> Fields | None:
    """The fields of a canonical event; None where `parse_event` has to look closer.

    What is not None is what `parse_event` would say: `loads(to_bytes(parse_event(value)))`.
    """
    try:
        event: Fields = _VALIDATOR.validate_json(value, strict=True)
    except ValidationError:
        return None
    user = event.get("user_id") or event.get("anonymous_id")
    if user is None or (user == event.get("target_id") and event["target_type"] == "user"):
        return None
    return event if keeps_every_key(event, value) else None


def _plain(schema: Any) -> Any:
    """The schema of what its normalisers would not change. A KeyError: one nobody decided on."""
    kind = schema["type"]
    if kind in ("default", "nullable"):  # as written by `to_bytes`: no nulls, all defaults
        return _plain(schema["schema"])
    if kind in ("function-before", "function-after"):
        return _UNCHANGED[_name(schema["function"]["function"])](schema)
    if kind == "model":
        return _plain(schema["schema"])
    if kind == "model-fields":
        return _object(schema["fields"])
    if kind == "tuple":
        return {**schema, "items_schema": [_plain(each) for each in schema["items_schema"]]}
    if kind == "tagged-union":
        choices = {name: _plain(choice) for name, choice in schema["choices"].items()}
        return {**schema, "choices": choices}
    if kind in ("str", "int", "float", "bool", "literal"):
        return schema
    raise KeyError(f"no canonical form is known for a {kind} schema")


def _object(fields: Mapping[str, Any]) -> CoreSchema:
    found = {
        name: {
            "type": "typed-dict-field",
            "schema": _plain(field["schema"]),
            "required": not _optional(field["schema"]),
        }
        for name, field in fields.items()
    }
    schema: Any = {"type": "typed-dict", "fields": found, "extra_behavior": "forbid"}
    return schema  # type: ignore[no-any-return]


def _optional(schema: Any) -> bool:
    return schema["type"] == "default" and schema.get("default", ...) is None


def _name(function: Any) -> str:
    name: str = function.__qualname__
    return name


def _pattern(pattern: str) -> Callable[[Any], Any]:
    return lambda schema: {**schema["schema"], "pattern": pattern}


#: What stands for each normaliser, by its name.
_UNCHANGED: dict[str, Callable[[Any], Any]] = {
    _name(normal._id): _pattern(_PLAIN_ID),
    _name(normal._user_id): _pattern(_PLAIN_ID),
    _name(normal._cut(1)): _pattern(_PLAIN_TEXT),
    _name(normal._upper): lambda schema: schema["schema"],
    _name(normal._capped): lambda schema: {**schema["schema"], "le": normal._capped(2**53)},
    # Checked on its values, which it does not change.
    _name(normal._free): lambda schema: schema,
    _name(to_ms): lambda schema: schema["schema"],
    # Checked by `canonical`.
    _name(Envelope._somebody): lambda schema: _plain(schema["schema"]),
    _name(Follow._not_oneself): lambda schema: _plain(schema["schema"]),
}


def _validator() -> SchemaValidator:
    adapter: TypeAdapter[Any] = TypeAdapter(Event)
    full: Any = adapter.core_schema
    schema: Any = {**full, "schema": _plain(full["schema"])}
    return SchemaValidator(schema, CoreConfig(allow_inf_nan=False))


_VALIDATOR = _validator()
