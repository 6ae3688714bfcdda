"""`recaug explain`: how one recommendation came about."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import orjson
import typer

from recaug.cli.columns import Format, FormatOption, align, paint, span
from recaug.cli.connection import DataDirOption, KafkaOption, connect
from recaug.errors import Failure

if TYPE_CHECKING:
    from recaug.explain import Explanation

#: Events of the history that a person is shown; JSON has all.
NEWEST = 5
TITLES = ("#", "ITEM", "LISTED", "MODEL", "SESSIONS", "POPULARITY", "SEARCH", "NEW", "REASONS")
SCORERS = ("model", "sessions", "popularity", "search", "new")


def explain(
    recommendation: Annotated[
        str, typer.Argument(metavar="RECOMMENDATION_ID", help="recommendation_id of the message.")
    ],
    user: Annotated[
        str | None,
        typer.Option(
            "--user", "-u", help="Its user: one partition is searched.", show_default=False
        ),
    ] = None,
    form: FormatOption = Format.TEXT,
    kafka: KafkaOption = None,
    data_dir: DataDirOption = None,
) -> None:
    """Show how one recommendation came about: event, state, scores, rules, reasons.

    The list is found on its topic, newest first; the user's history is folded
    again from the log, and each score worked out again with the model that the
    message names, where this machine still has it. What cannot be known
    exactly any more is said. Changes nothing.

    \b
      recaug explain 6b0f4a8e-3a0c-5a39-9d0b-4c2a0f3a7a10 --user you
      recaug explain "$(recaug tail -n 1 -f jsonl | jq -r .recommendation_id)"
    """
    try:
        from recaug.explain import explain as work_out
    except ModuleNotFoundError as missing:
        raise Failure(
            "no list can be taken apart here", f"{missing.name} is not installed",
            "run it where recommend runs: in a checkout (make setup) or in its container",
        ) from missing  # fmt: skip

    found = work_out(connect(kafka, None, data_dir), recommendation, user)
    if form is Format.JSON:
        typer.echo(orjson.dumps(found.as_json(), option=orjson.OPT_INDENT_2))
    else:
        typer.echo("\n".join(_lines(found)))


def _lines(found: Explanation) -> Iterator[str]:
    message = found.message
    model = message["model"]["version"] or "no model"
    who = message["user_id"] or message["anonymous_id"]
    yield f"{message['recommendation_id']}  for {who}  at {message['generated_at']}  by {model}"
    yield from _section("EVENT", [_event(message["source_event"], found.event)])
    yield from _section("STATE", _state(found))
    yield from _section("RULES", found.rules)
    yield from _section("CANDIDATES", [_candidates(found)])
    yield from _section("ITEMS", _items(found))
    yield from _section("CERTAIN", _certain(found))


def _section(title: str, lines: list[str]) -> Iterator[str]:
    yield ""
    yield paint(title, "dim")
    yield from (f"  {line}" for line in lines)


def _event(source: dict[str, Any], event: dict[str, Any] | None) -> str:
    place = f"{source['topic']} {source['partition']}:{source['offset']}"
    about = event or {}
    what = next((about[n] for n in ("item_id", "search_term", "target_id") if n in about), "")
    return f"{source['event']} {what}  at {source['timestamp']}  {place}"


def _state(found: Explanation) -> list[str]:
    state, asked = found.as_json()["state"], found.message["source_event"]["timestamp"]
    asked_ms = datetime.fromisoformat(asked).timestamp() * 1_000
    rows = state["history"]
    lines = [
        f"{row['event']} {row['item_id']}  {span(max(0.0, asked_ms - row['timestamp']) / 1_000)} "
        "before"
        for row in rows[-NEWEST:][::-1]
    ]
    more = len(rows) - len(lines)
    lines += [f"and {more} older"] if more else []
    lines += [f"disliked: {', '.join(state['disliked'])}"] if state["disliked"] else []
    return lines or ["nothing yet"]


def _candidates(found: Explanation) -> str:
    compared = f"{found.message['candidate_count']:,} items compared"
    if found.again is None:
        return compared
    told = ", ".join(f"{name} {count:,}" for name, count in found.again.candidates.items() if count)
    return f"{compared}; spoken for by {told}"


def _items(found: Explanation) -> list[str]:
    parts = {part.item_id: part for part in found.again.parts} if found.again else {}
    rows = []
    for item in found.message["items"]:
        part = parts.get(item["item_id"])
        each = [_number(getattr(part, name, None)) for name in SCORERS]
        listed = [str(item["index"]), item["item_id"], _number(item["score"])]
        rows.append([*listed, *each, _reasons(item)])
    return align(TITLES, rows, right=("#", *TITLES[2:8])) if rows else ["an empty list"]


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def _reasons(item: dict[str, Any]) -> str:
    told = [" ".join(filter(None, (r["code"], r.get("item_id")))) for r in item["reasons"]]
    return ", ".join(told) or f"({item['retriever'] or 'unknown'})"


def _certain(found: Explanation) -> list[str]:
    exact = "the history is what it was then" if found.past.exact else "the history is a part of it"
    listed = len(found.message["items"])
    again = f"{found.same_items} of {listed} items would be listed again" if found.again else ""
    return [exact, *filter(None, [again]), *found.notes]
