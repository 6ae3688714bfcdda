"""When a fine-tune is due: enough new events, enough time, or a change of taste."""

from __future__ import annotations

from typing import Literal

from recaug.settings import Settings

Trigger = Literal["first", "events", "time", "drift"]


def due(
    wanted: Settings, new: int, waited_s: float, *, first: bool, drifted: bool
) -> Trigger | None:
    """Why to train now, None where there is no reason to.

    new       events folded since the last fine-tune began
    waited_s  seconds since it ended
    first     there is no model yet, nor was one tried
    drifted   the champion's lists have become worse (`recaug.quality`)
    """
    if first:
        return "first" if new >= wanted.train_first_events else None
    if new < wanted.train_min_events:
        return None
    if drifted:
        return "drift"
    if new >= wanted.train_every_events:
        return "events"
    return "time" if waited_s >= wanted.train_every_s else None
