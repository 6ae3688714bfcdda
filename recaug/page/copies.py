"""An event of the stream as a command, or a program, that publishes one like it.

It gets an id and a time of its own when it runs: the same id again would be a resend, which has no
effect.
"""

from __future__ import annotations

from collections.abc import Mapping
from shlex import quote
from typing import Any

import orjson

from recaug.events import user_key
from recaug.settings import Settings

#: Made anew by whoever sends.
_OWN = ("event_id", "timestamp")


def copies(event: Mapping[str, Any], topic: str, settings: Settings) -> dict[str, str]:
    """What "copy as" puts on the clipboard, by name; `event` is a canonical one."""
    return {
        "kcat": kcat(event, topic, settings.kafka),
        "python": python(event, settings.kafka, settings.prefix),
    }


def kcat(event: Mapping[str, Any], topic: str, address: str) -> str:
    """A line for any POSIX shell; all that comes from the event is quoted."""
    body = orjson.dumps(_without_own(event)).decode().removesuffix("}")
    parts = (
        quote(f'{body},"event_id":"copy-'),
        '"$(date +%s)-$$"',
        quote('","timestamp":'),
        '"$(date +%s)"',
        quote("000}"),
    )
    place = f"-b {quote(address)} -t {quote(topic)} -k {quote(user_key(event))}"
    return (
        f"printf '%s\\n' {''.join(parts)} |\n"
        f"  kcat -P {place} -X partitioner=murmur2_random -X acks=all\n"
    )


def python(event: Mapping[str, Any], address: str, prefix: str) -> str:
    """A program on recaug's own producer."""
    fields = "".join(f"    {k!r}: {v!r},\n" for k, v in _without_own(event).items())
    arguments = ", ".join(repr(part) for part in (address, prefix) if part)
    return (
        "import time\nimport uuid\n\nfrom recaug.producer import Producer\n\n"
        f"event = {{\n{fields}}}\n"
        'event["event_id"] = str(uuid.uuid4())\n'
        'event["timestamp"] = int(time.time() * 1000)\n'
        f"with Producer({arguments}) as producer:\n"
        "    producer.send(event)\n"
    )


def _without_own(event: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in event.items() if name not in _OWN}
