"""How dead letters look on the terminal, and as JSON."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from recaug.cli.columns import clock, paint

if TYPE_CHECKING:
    from recaug.deadletters.letters import Letter

EXCERPT = 300


def by_open(counts: Counter[tuple[str, Any]]) -> list[str]:
    from recaug.deadletters.marks import Fate

    reasons = {reason for reason, _ in counts}
    return sorted(reasons, key=lambda name: (-counts[name, Fate.OPEN], name))


def row(reason: str, counts: Counter[tuple[str, Any]], newest_ms: int) -> dict[str, Any]:
    from recaug.deadletters.marks import Fate
    from recaug.events.reasons import MEANINGS, Reason

    known = reason in set(Reason)
    return {
        "reason": reason,
        **{fate.value: counts[reason, fate] for fate in Fate},
        "newest": clock(newest_ms),
        "newest_ms": newest_ms,
        "means": MEANINGS[Reason(reason)] if known else "A reason of somebody else's.",
    }


def as_json(letter: Letter) -> dict[str, Any]:
    """Return a letter as JSON can hold it, with the field that is wrong and what to type."""
    from recaug.deadletters.mends import field_of, mend_of

    about = letter.about
    return {
        "letter": letter.name,
        "at_ms": letter.at_ms,
        "reason": about.reason or "unknown",
        "field": field_of(about.reason, about.message),
        "message": about.message,
        "mend": mend_of(letter),
        "state": letter.fate.value,
        "count": letter.count,
        "topic": about.topic,
        "partition": str(about.partition),
        "offset": str(about.offset),
        "cut": letter.cut or None,
        "key": None if about.key is None else about.key.decode(errors="replace"),
        "value": None if about.value is None else about.value.decode(errors="replace"),
    }


def text(letter: dict[str, Any]) -> str:
    missing = f"\n  not kept: {letter['cut']}" if letter["cut"] else ""
    refused = f"  refused {letter['count']} times" if letter["count"] > 1 else ""
    mend = f"\n  → {letter['mend']}" if letter["state"] == "open" else ""
    state = "" if letter["state"] == "open" else f"  {letter['state']}"
    field = f"  field {letter['field']}" if letter["field"] else ""
    return (
        f"{paint(clock(letter['at_ms']), 'dim')}  {letter['letter']}  "
        f"{paint(letter['reason'], 'bad')}{field}  key {letter['key']}{refused}{state}\n"
        f"  {letter['message']}\n  {paint(excerpt(letter['value'] or ''), 'dim')}{missing}{mend}"
    )


def excerpt(value: str) -> str:
    line = value.replace("\n", " ")
    return line if len(line) <= EXCERPT else line[:EXCERPT] + "…"
