"""One recommendation as a line a person reads."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from recaug.cli.columns import clock, paint

SHOWN = 4


def line(answer: Mapping[str, Any], user: str, at_ms: int) -> str:
    """Return time, user, event, the first items with score and reason, model and latency."""
    source = answer.get("source_event") or {}
    items = [_item(item) for item in (answer.get("items") or [])[:SHOWN]]
    more = len(answer.get("items") or []) - len(items)
    listed = ", ".join(items) + (f", +{more} more" if more > 0 else "") or "an empty list"
    return "  ".join(
        [
            paint(clock(at_ms), "dim"),
            f"{user:<12}",
            f"{source.get('event') or '-':<11}",
            f"→ {listed}",
            paint(_origin(answer), "dim"),
        ]
    )


def _item(item: Mapping[str, Any]) -> str:
    reason: Mapping[str, Any] = next(iter(item.get("reasons") or ()), {})
    cause = " ".join(filter(None, (reason.get("code"), reason.get("item_id"))))
    score = item.get("score")
    shown = f"{item.get('item_id')}" + ("" if score is None else f" {score:.2f}")
    return f"{shown} ({cause})" if cause else shown


def _origin(answer: Mapping[str, Any]) -> str:
    model = (answer.get("model") or {}).get("version") or "no model"
    fallback = answer.get("fallback")
    took = (answer.get("latency") or {}).get("event_to_recommendation_ms")
    return " · ".join(
        part
        for part in (
            f"fallback {fallback}" if fallback else model,
            "" if took is None else f"{took:.0f} ms",
        )
        if part
    )
