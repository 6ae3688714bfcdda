"""The field reference: every message, every field, what it is, and what happens without it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, get_args

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from recaug.events.aliases import names as aliases
from recaug.events.deadletter import HEADERS
from recaug.events.envelope import Envelope
from recaug.events.fields import ID_PATTERN
from recaug.events.reasons import MEANINGS

_HEAD = """\
<!-- Written by `recaug schema export`; do not edit. -->

# Events and messages

Every value is one flat JSON object in UTF-8, at most 64 KiB. The Kafka key is the user
(`user_id`, else `anonymous_id`), or the item for items, as UTF-8 text. Fields that are not listed
are dropped; `null` is the same as leaving a field out. A field marked * is required. The JSON
Schemas of all messages are in `schemas/v1/`, the topics in `asyncapi.yaml`.

`recaug schema validate FILE` checks a file of events before it is sent; `recaug dlq show` shows
what was refused and why.

**Ids** are text of 1–128 visible characters without two dots or two spaces in a row; white space
at the ends and invisible characters are removed, case is kept, an integer is taken as its digits.
`null`, `undefined`, `none`, `NaN` as text are refused. **Times** are epoch milliseconds; seconds,
microseconds and nanoseconds are told by their size, RFC 3339 text is converted, text without an
offset is UTC. **Text** is normalised (NFKC, one line, no control, bidirectional or zero-width
characters) and cut at its length, never refused. **Numbers** sent as text are read as numbers.
"""

_CLOUDEVENTS = """\
## CloudEvents

Binary mode: headers `ce_id`, `ce_type`, `ce_source`, `ce_specversion` (and `ce_time`) fill
`event_id`, `event` and `timestamp` where the value lacks them; the event is the last part of the
type, `click` of `io.recaug.event.click.v1`. Structured mode: header
`content-type: application/cloudevents+json`, the event under `data`. What the event itself says
wins. What recaug writes is in binary mode. Values framed by a Confluent JSON Schema serializer
(`0x00` and a four-byte id first) are read too.
"""

_DIALECTS = """\
## Other systems' events

These are accepted on the same topics, without configuration:

* **GA4**: rows of the BigQuery export, Measurement Protocol bodies of one event, data layer
  objects with `ecommerce`. The first two have no event id; it is derived from the record's bytes.
* **Segment** (RudderStack, PostHog): `track` with ecommerce v2 names; `identify` as a user
  document, without the traits that name a person (e-mail, telephone, names, address, birthday).
* **Snowplow**: enriched events in the JSON of the analytics SDKs, with the ecommerce, site search
  and social interaction schemas.
* **Metarank**: `interaction` and `ranking`, `item` and `user`; a ranking is an impression whose id
  is the `recommendation_id` of later interactions.
* **Schema.org** `Product` as an item document; offers, brand and image unfolded.

An event that names a single `item_id` where lines are wanted becomes one line; one that has lines
where a single item is wanted takes the first; social events without a target mean their item.
"""


_TABLE = ("| field | type | what it is | when missing |", "|---|---|---|---|")


def page(models: Mapping[str, type[BaseModel]]) -> str:
    """The whole reference as Markdown."""
    envelope = tuple(Envelope.model_fields)
    parts = [_HEAD, "## In every event\n", *_fields(Envelope, without=("event",))]
    for name, model in models.items():
        parts += _section(name, model, envelope if issubclass(model, Envelope) else ())
    parts += [*_dead_letters(), _CLOUDEVENTS, _DIALECTS, *_aliases()]
    return "\n".join(parts)


def _section(name: str, model: type[BaseModel], without: tuple[str, ...]) -> list[str]:
    extra: Any = model.model_config.get("json_schema_extra")
    example = json.dumps(extra["examples"][0], ensure_ascii=False, indent=2)
    return [
        f"## {name}\n",
        f"{_text(model.__doc__)}\n",
        *_fields(model, without),
        f"```json\n{example}\n```\n",
    ]


def _fields(model: type[BaseModel], without: tuple[str, ...]) -> list[str]:
    shown = {name: info for name, info in model.model_fields.items() if name not in without}
    if not shown:
        return []
    schemas = model.model_json_schema()["properties"]
    rows = [_row(name, info, _kind(schemas[name])) for name, info in shown.items()]
    tables = ["\n".join([*_TABLE, *rows]) + "\n"]
    for inner in dict.fromkeys(part for info in shown.values() for part in _parts(info)):
        tables += [f"**{inner.__name__}**: {_text(inner.__doc__)}\n", *_fields(inner, ())]
    return tables


def _row(name: str, info: FieldInfo, kind: str) -> str:
    meaning, _, missing = (info.description or "").partition(" Missing: ")
    if not missing:
        missing = "refused: `missing_field`" if info.is_required() else "never"
    star = "*" if info.is_required() else ""
    cells = (f"`{name}`{star}", kind, meaning, missing[:1].upper() + missing[1:])
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _kind(schema: dict[str, Any]) -> str:
    """A field's type in a few words, from its JSON Schema."""
    options = [option for option in schema.get("anyOf", [schema]) if option.get("type") != "null"]
    if len(options) > 1:
        return "time"
    (only,) = options
    if "anyOf" in only:
        return _kind(only)
    if "$ref" in only:
        return str(only["$ref"]).rpartition("/")[2]
    if "enum" in only:
        return ", ".join(f"`{value}`" for value in only["enum"])
    if "const" in only:
        return f"`{only['const']}`"
    if only["type"] == "array":
        return f"list of {_kind(only['items'])}"
    return _scalar(only)


def _scalar(schema: dict[str, Any]) -> str:
    kind, most = schema["type"], schema.get("maxLength", schema.get("maximum"))
    if kind == "string" and schema.get("pattern") == ID_PATTERN:
        return "id"
    if kind == "string":
        return "RFC 3339" if schema.get("format") else f"text ≤ {most:,}" if most else "text"
    least = schema.get("minimum")
    if least is None or most is None or most >= 10**9:
        return f"{kind} ≥ {least:g}" if least is not None else str(kind)
    return f"{kind} {least:,}–{most:,}"


def _parts(info: FieldInfo) -> Iterator[type[BaseModel]]:
    """Models inside a field's type."""
    todo: list[Any] = [info.annotation]
    while todo:
        part = todo.pop()
        if isinstance(part, type) and issubclass(part, BaseModel):
            yield part
        todo += get_args(part)


def _dead_letters() -> list[str]:
    headers = [f"| `{name}` | {text.split(':')[0]} |" for name, text in HEADERS.items()]
    reasons = [f"| `{reason}` | {text} |" for reason, text in MEANINGS.items()]
    return [
        "## Dead letters\n",
        "A refused record goes to `recaug.dead-letters` with its key, value and headers as they"
        " came, and these headers (KIP-1034), whose values are text:\n",
        "\n".join(["| header | what it says |", "|---|---|", *headers]) + "\n",
        "The reason is one of:\n",
        "\n".join(["| reason | when |", "|---|---|", *reasons]) + "\n",
    ]


def _aliases() -> list[str]:
    events: dict[str, list[str]] = {}
    for theirs, ours in aliases.EVENTS.items():
        events.setdefault(ours, []).append(theirs)
    fields = {**aliases.ENVELOPE, **aliases.FIELDS}
    return [
        "Event names, in any case, with spaces, hyphens or underscores:\n",
        _synonyms("event", events),
        "Field names, the first that is there; our own name always wins:\n",
        _synonyms("field", fields),
        "In a line of `items`:\n",
        _synonyms("field", aliases.LINE),
        "In an item document:\n",
        _synonyms("field", aliases.ITEM),
        "In a user document:\n",
        _synonyms("field", aliases.USER),
    ]


def _synonyms(what: str, names: Mapping[str, Any]) -> str:
    rows = [f"| `{ours}` | {', '.join(f'`{name}`' for name in names[ours])} |" for ours in names]
    return "\n".join([f"| {what} | also read from |", "|---|---|", *rows]) + "\n"


def _text(doc: str | None) -> str:
    return " ".join((doc or "").split())
