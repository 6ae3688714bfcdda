"""One record's bytes and headers to a model, or a `Rejection`: total over all input.

The fast path hands the bytes to pydantic. Whatever it does not settle (aliases, envelopes, unknown
fields, anything wrong) takes the careful path, whose findings are written for people.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import orjson
from pydantic import BaseModel, TypeAdapter, ValidationError

from recaug.bounds import Bound, hit
from recaug.events import cloudevents
from recaug.events.aliases import event_fields, item_fields, user_fields
from recaug.events.canonical import canonical
from recaug.events.cloudevents import Headers
from recaug.events.decode import check_size, decode
from recaug.events.documents import Item, User
from recaug.events.encode import to_bytes
from recaug.events.explain import explain
from recaug.events.fields import ID_LENGTH, Id, UserId
from recaug.events.keys import keeps_every_key
from recaug.events.kinds import Event
from recaug.events.reasons import Reason, Rejection
from recaug.events.times import rfc3339

MAX_BYTES = 65_536
MAX_FUTURE_MS = 300_000
#: As many as the longest id takes.
KEY_BYTES = 4 * ID_LENGTH

M = TypeVar("M", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class _Shape(Generic[M]):
    """What a topic holds: how its JSON is validated and how foreign fields are translated."""

    adapter: TypeAdapter[M]
    model: type[BaseModel] | None
    translate: Callable[[dict[str, Any], dict[str, Any], bytes], dict[str, Any]]


_EVENT: _Shape[Event] = _Shape(TypeAdapter(Event), None, event_fields)
_ITEM = _Shape(TypeAdapter(Item), Item, item_fields)
_USER = _Shape(TypeAdapter(User), User, user_fields)
_ITEM_KEY = TypeAdapter(Id)
_USER_KEY = TypeAdapter(UserId)


def parse_event(
    value: bytes | None,
    headers: Headers,
    now_ms: int,
    *,
    max_bytes: int = MAX_BYTES,
    max_future_ms: int = MAX_FUTURE_MS,
) -> Event:
    """The event in a record, canonical or in a dialect of `recaug.events.aliases`.

    Raises only `Rejection`. `now_ms` is the clock its time may not lead by `max_future_ms`.
    """
    event = _parse(_EVENT, value, headers, max_bytes)
    _check_time(event.timestamp, now_ms, max_future_ms)
    return event


def read_event(
    value: bytes | None,
    headers: Headers,
    now_ms: int,
    *,
    max_bytes: int = MAX_BYTES,
    max_future_ms: int = MAX_FUTURE_MS,
) -> tuple[dict[str, Any], bytes]:
    """The event in a record as plain fields, and as canonical bytes; like `parse_event`.

    For whoever passes events on: a canonical event's bytes come back as they are.
    """
    value = check_size(value, max_bytes)
    if headers:
        cloudevents.check_headers(headers)
    fields = None if headers and cloudevents.is_structured(headers) else canonical(value)
    if fields is not None:
        _check_time(fields["timestamp"], now_ms, max_future_ms)
        return fields, value
    event = parse_event(value, headers, now_ms, max_bytes=max_bytes, max_future_ms=max_future_ms)
    value = to_bytes(event)
    return orjson.loads(value), value


def parse_item(
    value: bytes | None,
    headers: Headers,
    now_ms: int,
    *,
    max_bytes: int = MAX_BYTES,
    max_future_ms: int = MAX_FUTURE_MS,
) -> Item:
    """The item document in a record; like `parse_event`."""
    item = _parse(_ITEM, value, headers, max_bytes)
    _check_time(item.timestamp, now_ms, max_future_ms)
    return item


def parse_user(
    value: bytes | None,
    headers: Headers,
    now_ms: int,
    *,
    max_bytes: int = MAX_BYTES,
    max_future_ms: int = MAX_FUTURE_MS,
) -> User:
    """The user document in a record; like `parse_event`."""
    user = _parse(_USER, value, headers, max_bytes)
    _check_time(user.timestamp, now_ms, max_future_ms)
    return user


def parse_item_key(key: bytes | None) -> str:
    """The item id a record's key names, as `parse_item` would write it; raises `Rejection`."""
    return _parse_key(_ITEM_KEY, "item_id", key)


def parse_user_key(key: bytes | None) -> str:
    """The user id a record's key names, as `parse_user` would write it; raises `Rejection`."""
    return _parse_key(_USER_KEY, "user_id", key)


def _parse(shape: _Shape[M], value: bytes | None, headers: Headers, max_bytes: int) -> M:
    value = check_size(value, max_bytes)
    if headers:
        cloudevents.check_headers(headers)
        if cloudevents.is_structured(headers):
            return _carefully(shape, value, headers)
    model = _at_once(shape, value)
    return _carefully(shape, value, headers) if model is None else model


def _at_once(shape: _Shape[M], value: bytes) -> M | None:
    """The model, if `value` is canonical and every key in it is known and there once."""
    try:
        model: M = shape.adapter.validator.validate_json(value)
    except ValidationError:
        return None
    return model if keeps_every_key(model, value) else None


def _carefully(shape: _Shape[M], value: bytes, headers: Headers) -> M:
    try:
        body = _translated(shape, value, headers)
        model: M = shape.adapter.validator.validate_json(orjson.dumps(body))
        return model
    except ValidationError as error:
        raise explain(error, shape.model) from None
    except Rejection:
        raise
    except Exception as error:
        # One record nobody foresaw must not stop the partition behind it.
        raise Rejection(
            Reason.UNREADABLE,
            f"The value could not be read ({type(error).__name__}): this is a bug of recaug;"
            " please report it with the dead letter.",
        ) from error


def _translated(shape: _Shape[M], value: bytes, headers: Headers) -> dict[str, Any]:
    body = decode(value)
    if cloudevents.is_structured(headers):
        body, envelope = cloudevents.from_structured(body)
    else:
        envelope = cloudevents.from_headers(headers)
    return shape.translate(body, envelope, value)


def _check_time(at_ms: int, now_ms: int, max_future_ms: int) -> None:
    if at_ms > now_ms + max_future_ms:
        raise Rejection(
            Reason.TIME_IN_FUTURE,
            f"timestamp {rfc3339(at_ms)} is {(at_ms - now_ms) / 1000:,.0f} s ahead of the clock"
            f" here ({rfc3339(now_ms)}): set the sender's clock, or check the unit.",
        )


def _parse_key(adapter: TypeAdapter[str], name: str, key: bytes | None) -> str:
    if not key:
        raise Rejection(Reason.NO_KEY, f"The record has no key: set it to the {name}.")
    if len(key) > KEY_BYTES:
        hit(Bound.KEY)
        raise Rejection(
            Reason.BAD_ID, f"The key is {len(key):,} bytes long, not an id: set it to the {name}."
        )
    try:
        return adapter.validate_python(key.decode())
    except UnicodeDecodeError:
        raise Rejection(
            Reason.BAD_ENCODING, f"The key is not UTF-8: set it to the {name} as text."
        ) from None
    except ValidationError as error:
        found = error.errors(include_url=False)[0]
        reason = Reason(found["type"]) if found["type"] in set(Reason) else Reason.BAD_ID
        raise Rejection(reason, f"The key, the {name}, is not an id: {found['msg']}.") from None
