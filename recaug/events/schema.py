"""The contract as files: JSON Schema 2020-12, AsyncAPI and the field reference, from the models.

`recaug schema export` writes them into the tree; a test fails when they no longer say what the
models say.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pydantic import BaseModel, TypeAdapter
from pydantic.json_schema import GenerateJsonSchema

from recaug import metrics_page
from recaug.bounds import page as limits
from recaug.events import asyncapi, reference
from recaug.events.documents import Item, User
from recaug.events.envelope import Envelope
from recaug.events.kinds import MODELS, Event
from recaug.events.recommendation import Recommendation
from recaug.prequential.record import Record
from recaug.pulse import Pulse
from recaug.registry import ModelRecord

FOLDER = "schemas/v1"
#: Every message by the name of its schema file.
MESSAGES: dict[str, type[BaseModel]] = {
    **MODELS,
    "item": Item,
    "user": User,
    "recommendation": Recommendation,
}
#: What recaug says of itself: no producer sends it and no service needs it to be there.
REPORTS: dict[str, type[BaseModel]] = {
    "model": ModelRecord,
    "metrics": Record,
    "pulse": Pulse,
}

_SOMEBODY = [
    {"required": [name], "properties": {name: {"type": "string"}}}
    for name in ("user_id", "anonymous_id")
]


class _Untitled(GenerateJsonSchema):
    """Without a title that repeats each field's name."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False


def json_schema(model: type[BaseModel]) -> dict[str, Any]:
    """JSON Schema of what a producer may send (or, of a recommendation, of what it may read)."""
    schema = _headed(model.model_json_schema(schema_generator=_Untitled))
    if issubclass(model, Envelope):
        schema["required"] = ["event", *schema["required"]]
        schema["anyOf"] = _SOMEBODY
    return schema


def event_schema() -> dict[str, Any]:
    """JSON Schema of any of the events, told apart by `event`."""
    schema = TypeAdapter(Event).json_schema(schema_generator=_Untitled)
    for definition in schema["$defs"].values():
        if "const" in definition.get("properties", {}).get("event", {}):
            definition["required"] = ["event", *definition["required"]]
            definition["anyOf"] = _SOMEBODY
    return _headed({"title": "Event", "description": "Any event, by its `event`.", **schema})


def files() -> dict[str, str]:
    """Every generated file: path below the root, text."""
    everything = MESSAGES | REPORTS
    schemas = {name: json_schema(model) for name, model in everything.items()}
    schemas["event"] = event_schema()
    written = {f"{FOLDER}/{name}.json": _json(schema) for name, schema in schemas.items()}
    written["asyncapi.yaml"] = asyncapi.document(everything, FOLDER)
    written["docs/reference/events.md"] = reference.page(MESSAGES)
    written["docs/reference/limits.md"] = limits.page()
    written["docs/reference/metrics.md"] = metrics_page.page()
    return written


def export(root: Path) -> list[Path]:
    """Write every file below `root`, remove schemas that are no more; the paths written."""
    paths = []
    for name, text in files().items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        paths.append(path)
    for path in _left_over(root):
        path.unlink()
    return paths


def stale(root: Path) -> list[Path]:
    """Files below `root` that are missing, changed or left over."""
    wrong = [root / name for name, text in files().items() if _read(root / name) != text]
    return wrong + _left_over(root)


def _left_over(root: Path) -> list[Path]:
    known = {f"{name}.json" for name in (*MESSAGES, *REPORTS, "event")}
    return sorted(path for path in (root / FOLDER).glob("*.json") if path.name not in known)


def _read(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.is_file() else None


def _headed(schema: dict[str, Any]) -> dict[str, Any]:
    return {"$schema": GenerateJsonSchema.schema_dialect, **schema}


def _json(value: dict[str, Any]) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"
