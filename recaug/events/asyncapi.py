"""AsyncAPI 3.1: which topic carries which message, with the Kafka bindings 0.5.0.

Seen from recaug: it receives what producers write and sends what consumers read.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from recaug.events.deadletter import HEADERS
from recaug.events.kinds import EVENT_NAMES, SOCIAL
from recaug.topics import Topic, Topics

_BINDING = {"bindingVersion": "0.5.0"}
_KEYS = {
    "user": "`user_id`, else `anonymous_id`, as UTF-8 text; partitioner murmur2 (librdkafka:"
    " `partitioner=murmur2_random`).",
    "item": "`item_id` as UTF-8 text.",
    "model": "Name of the model.",
    "worker": "`SERVICE/WORKER`: the service and the name of one of its workers.",
}
#: Messages that are not about a user, and what they are about.
_ABOUT = {"item": "item", "model": "model", "metrics": "model", "pulse": "worker"}
_PLAIN = re.compile(r"[A-Za-z_$][\w.$-]*")
_CE = (
    "ce_specversion",
    "ce_id",
    "ce_type",
    "ce_source",
    "ce_time",
    "ce_expirytime",
    "content-type",
)
#: What else the headers of a list say, so that nobody has to read it to pass it over.
_LIST = {
    "source-event": "What is answered: `click`, `search` and so on.",
    "model-version": "Empty: none.",
    "fallback": "Empty: none.",
    "traceparent": "W3C Trace Context, where the event came with one or is traced.",
}


def document(models: Mapping[str, type[BaseModel]], folder: str) -> str:
    """The AsyncAPI document as YAML; payloads refer to the JSON Schemas in `folder`."""
    topics = Topics()
    carried = _carried(topics)
    tree = {
        "asyncapi": "3.1.0",
        "info": {
            "title": "recaug",
            "version": "1.0.0",
            "description": "A streaming recommender that learns while it serves.",
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": "application/json",
        "servers": {"local": {"host": "localhost:9092", "protocol": "kafka"}},
        "channels": {_id(topic): _channel(topic, names) for topic, names in carried},
        "operations": {_operation_id(topic): _operation(topic) for topic, _ in carried},
        "components": {"messages": _messages(models, folder)},
    }
    return "# Written by `recaug schema export`; do not edit.\n" + "\n".join(_yaml(tree)) + "\n"


def _carried(topics: Topics) -> list[tuple[Topic, list[str]]]:
    clicks = [name for name in EVENT_NAMES if name not in SOCIAL and name != "search"]
    return [
        (topics.clickstream, clicks),
        (topics.searches, ["search"]),
        (topics.social, [name for name in EVENT_NAMES if name in SOCIAL]),
        (topics.items, ["item"]),
        (topics.users, ["user"]),
        (topics.events, list(EVENT_NAMES)),
        (topics.clean_items, ["item"]),
        (topics.clean_users, ["user"]),
        (topics.dead_letters, ["dead-letter"]),
        (topics.recommendations, ["recommendation"]),
        (topics.models, ["model"]),
        (topics.metrics, ["metrics"]),
        (topics.pulses, ["pulse"]),
    ]


def _id(topic: Topic) -> str:
    return topic.name.replace(".", "-")


def _operation_id(topic: Topic) -> str:
    return f"{_action(topic)}-{_id(topic)}"


def _action(topic: Topic) -> str:
    return "receive" if topic.written_by == "producers" else "send"


def _channel(topic: Topic, names: list[str]) -> dict[str, Any]:
    config: dict[str, Any] = {"cleanup.policy": [topic.config["cleanup.policy"]]}
    if topic.retention_ms is not None:
        config["retention.ms"] = topic.retention_ms
    config["max.message.bytes"] = int(topic.config["max.message.bytes"])
    return {
        "address": topic.name,
        "description": f"Written by {topic.written_by}. Key: {_KEYS[topic.key]}",
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in names},
        "bindings": {"kafka": {"topicConfiguration": config, **_BINDING}},
    }


def _operation(topic: Topic) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "action": _action(topic),
        "channel": {"$ref": f"#/channels/{_id(topic)}"},
    }
    if operation["action"] == "receive":
        group = {"type": "string", "enum": ["recaug-clean"]}
        operation["bindings"] = {"kafka": {"groupId": group, **_BINDING}}
    return operation


def _messages(models: Mapping[str, type[BaseModel]], folder: str) -> dict[str, Any]:
    messages = {name: _message(name, model, folder) for name, model in models.items()}
    messages["recommendation"]["headers"] = _headers({**dict.fromkeys(_CE, ""), **_LIST})
    messages["dead-letter"] = {
        "name": "dead-letter",
        "summary": "A refused record: key and value as they came, headers after KIP-1034.",
        "contentType": "application/octet-stream",
        "headers": _headers(HEADERS),
        "bindings": _key("The key of the refused record."),
    }
    return messages


def _message(name: str, model: type[BaseModel], folder: str) -> dict[str, Any]:
    extra: Any = model.model_config.get("json_schema_extra")
    return {
        "name": name,
        "summary": " ".join((model.__doc__ or "").split()),
        "contentType": "application/json",
        "payload": {"$ref": f"{folder}/{name}.json"},
        "bindings": _key(_KEYS[_ABOUT.get(name, "user")]),
        "examples": [{"payload": example} for example in extra["examples"]],
    }


def _key(meaning: str) -> dict[str, Any]:
    return {"kafka": {"key": {"type": "string", "description": meaning}, **_BINDING}}


def _headers(meanings: Mapping[str, str]) -> dict[str, Any]:
    properties = {
        name: {"type": "string", **({"description": text} if text else {})}
        for name, text in meanings.items()
    }
    return {"type": "object", "properties": properties}


def _yaml(value: Any, indent: str = "") -> list[str]:
    """Block style, scalars as JSON, which YAML 1.2 reads: no YAML library in the wheel."""
    if isinstance(value, dict) and value:
        pairs = [(f"{indent}{_name(name)}:", inner) for name, inner in value.items()]
    elif isinstance(value, list) and value:
        pairs = [(f"{indent}-", inner) for inner in value]
    else:
        return [f"{indent}{json.dumps(value, ensure_ascii=False)}"]
    lines = []
    for head, inner in pairs:
        if isinstance(inner, dict | list) and inner:
            lines += [head, *_yaml(inner, indent + "  ")]
        else:
            lines.append(f"{head} {json.dumps(inner, ensure_ascii=False)}")
    return lines


def _name(name: str) -> str:
    return name if _PLAIN.fullmatch(name) else json.dumps(name)
