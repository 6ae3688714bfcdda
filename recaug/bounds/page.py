"""The table of limits as `docs/reference/limits.md`."""

from __future__ import annotations

from recaug.bounds.table import LIMITS

_HEAD = """\
<!-- Written by `recaug schema export` from recaug/bounds/table.py; do not edit. -->

# Limits

Nothing here grows without end: every queue, cache, list, string, window and file has a limit, a
name, and a count of how often it was met. The services log those counts twice a minute when they
change; the first time a limit loses something that somebody may miss is a warning of its own.

`RECAUG_…` is a setting; anything else is a constant in that module.

"""


def page() -> str:
    """`docs/reference/limits.md`."""
    rows = [
        f"| `{bound}` | {_number(limit.default)} {limit.unit} | `{limit.where}` | {limit.then} |"
        for bound, limit in LIMITS.items()
    ]
    return _HEAD + "\n".join(
        ["| limit | default | where | at it |", "|---|---|---|---|", *rows, ""]
    )


def _number(default: float | str) -> str:
    return default if isinstance(default, str) else f"{default:,.0f}"
