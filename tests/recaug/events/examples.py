"""One good event of each kind, the documented examples, and a clock they are read by."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import HealthCheck, settings

from recaug.events.schema import MESSAGES

#: 2025-11-24T16:00:00Z, the time of every documented example.
AT_MS = 1_764_000_000_000

#: For properties: the machine may be busy, so time decides nothing.
patiently = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

EXAMPLES: dict[str, dict[str, Any]] = {
    name: model.model_json_schema()["examples"][0] for name, model in MESSAGES.items()
}
EVENTS = {name: body for name, body in EXAMPLES.items() if "event" in body}


def click(**changes: Any) -> bytes:
    """The example click with fields changed; None takes one out."""
    body = {**EXAMPLES["click"], **changes}
    return json.dumps({name: value for name, value in body.items() if value is not None}).encode()
