"""`asyncapi.yaml` as a page: which topic carries what, its key, headers and how long it is kept."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

FILE = "asyncapi.yaml"
#: Messages with a section of their own, fields and example, in events.md.
DESCRIBED = "reference/events.md"

_ROOT = Path(__file__).parents[2]
_HEAD = """\
<!-- Written by `python -m docs.hooks.generated`; do not edit. -->

# Topics

What travels on which topic: [{file}](../../{file}) (AsyncAPI {version}), to be read. The fields of
a message are in [events.md](events.md), the JSON Schemas in [schemas/v1/](../../schemas/v1/).
recaug *receives* what you write and *sends* what you read; topics whose names begin with `recaug.`
are its own.
"""
_UNITS = ((86_400_000, "day"), (3_600_000, "hour"), (60_000, "minute"))


def read() -> dict[str, Any]:
    """Return the document as it is in the tree."""
    document: dict[str, Any] = yaml.safe_load((_ROOT / FILE).read_text(encoding="utf-8"))
    return document


def page(document: Mapping[str, Any], described: str) -> str:
    """Return the page as Markdown.

    :param described: the text of events.md, whose sections need no second example here.
    """
    sections = {line[3:] for line in described.splitlines() if line.startswith("## ")}
    channels, actions = document["channels"], _actions(document)
    parts = [_HEAD.format(file=FILE, version=document["asyncapi"]), _overview(channels, actions)]
    parts += [_topic(channel, actions[name]) for name, channel in channels.items()]
    parts.append("## Messages\n")
    for name, message in document["components"]["messages"].items():
        parts += _message(name, message, name in sections)
    return "\n".join(parts)


def kept(channel: Mapping[str, Any]) -> str:
    """Return how long a topic's records are kept, in words.

    >>> kept({"bindings": {"kafka": {"topicConfiguration": {"retention.ms": 604800000}}}})
    '7 days'
    """
    config = channel["bindings"]["kafka"]["topicConfiguration"]
    if "compact" in config.get("cleanup.policy", ()):
        return "the newest of each key"
    for size, unit in _UNITS:
        count, rest = divmod(config["retention.ms"], size)
        if count and not rest:
            return f"{count} {unit}{'s' if count > 1 else ''}"
    return f"{config['retention.ms']} ms"


def _actions(document: Mapping[str, Any]) -> dict[str, str]:
    """Return what recaug does with each channel."""
    return {_last(o["channel"]): o["action"] for o in document["operations"].values()}


def _overview(channels: Mapping[str, Any], actions: Mapping[str, str]) -> str:
    rows = [
        f"| [`{channel['address']}`](#{_anchor(channel['address'])}) | {actions[name]}s"
        f" | {kept(channel)} | {_listed(channel)} |"
        for name, channel in channels.items()
    ]
    return "\n".join(["| topic | recaug | kept | messages |", "|---|---|---|---|", *rows]) + "\n"


def _topic(channel: Mapping[str, Any], action: str) -> str:
    config = channel["bindings"]["kafka"]["topicConfiguration"]
    settings = ", ".join(f"`{name}={_setting(value)}`" for name, value in config.items())
    return (
        f"## {channel['address']}\n\n{channel['description']}\n\n"
        f"recaug {action}s: {_listed(channel)}. Kept: {kept(channel)}. Made with {settings}.\n"
    )


def _message(name: str, message: Mapping[str, Any], elsewhere: bool) -> Iterator[str]:
    yield f"### {name}\n"
    yield f"{message['summary']}\n"
    yield f"{', '.join(_where(name, message, elsewhere))}.\n"
    if headers := message.get("headers", {}).get("properties"):
        rows = [f"| `{h}` | {spec.get('description', '')} |" for h, spec in headers.items()]
        yield "\n".join(["| header | what it says |", "|---|---|", *rows]) + "\n"
    for example in () if elsewhere else message.get("examples", ())[:1]:
        shown = json.dumps(example["payload"], indent=2, ensure_ascii=False)
        yield f"```json\n{shown}\n```\n"


def _where(name: str, message: Mapping[str, Any], elsewhere: bool) -> Iterator[str]:
    yield f"`{message['contentType']}`"
    if elsewhere:
        yield f"[fields and example](events.md#{_anchor(name)})"
    if payload := message.get("payload"):
        yield f"[schema](../../{payload['$ref']})"


def _listed(channel: Mapping[str, Any]) -> str:
    return ", ".join(f"[{name}](#{_anchor(name)})" for name in channel["messages"])


def _setting(value: Any) -> str:
    return ",".join(value) if isinstance(value, list) else str(value)


def _last(reference: Mapping[str, str]) -> str:
    return reference["$ref"].rpartition("/")[2]


def _anchor(heading: str) -> str:
    """As GitHub makes it.

    >>> _anchor("recaug.dead-letters")
    'recaugdead-letters'
    """
    return heading.lower().replace(".", "").replace(" ", "-")
