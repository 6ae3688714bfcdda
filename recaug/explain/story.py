"""One recommendation from the event to the reasons, and what of it is certain."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

import numpy as np

from recaug.errors import Failure
from recaug.events import KINDS
from recaug.explain import find
from recaug.explain.edges import Edges, edges
from recaug.explain.parts import Again, again, load
from recaug.explain.past import Past, past
from recaug.explain.world import world
from recaug.live import Live
from recaug.matches import Words
from recaug.message import Request
from recaug.searched import Queries, query
from recaug.settings import Settings

#: A score worked out again is the one that was listed when it differs by no more than rounding.
SAME = 2e-3

#: Which list a user gets, by the `fallback` of the message.
RULES = {
    None: "ranked by the model, with what neighbours, popularity and a search add",
    "consent": "the user wants no personal list: popular items",
    "state_unavailable": "the store was away: popular items",
    "popular": "there was no model yet: what neighbours clicked, popular items",
    "no_history": "the model knew nothing the user did: what neighbours clicked, popular items",
}
_KIND = {number: name for name, number in KINDS.items()}


@dataclass(frozen=True, slots=True)
class Explanation:
    """How a list came about; `again` is None where its scores cannot be worked out any more."""

    message: dict[str, Any]
    event: dict[str, Any] | None
    past: Past
    rules: list[str]
    again: Again | None
    notes: list[str] = field(default_factory=list)

    @property
    def same_items(self) -> int:
        """How many of the listed items would be listed again."""
        listed = {item["item_id"] for item in self.message["items"]}
        return len(listed & set(self.again.listed)) if self.again else 0

    def as_json(self) -> dict[str, Any]:
        """All of it, the newest events of the history last."""
        history = self.past.history
        rows = zip(history.items, history.kinds, history.times_ms, strict=True)
        return {
            "recommendation": self.message,
            "event": self.event,
            "state": {
                "events": self.past.events,
                "exact": self.past.exact,
                "history": [
                    {"item_id": item, "event": _KIND[kind], "timestamp": at_ms}
                    for item, kind, at_ms in rows
                ],
                "disliked": list(history.hidden),
            },
            "rules": self.rules,
            "candidates": self.again.candidates if self.again else None,
            "scores": self._scores(),
            "listed_again": self.again.listed if self.again else None,
            "notes": self.notes,
        }

    def _scores(self) -> list[dict[str, Any]] | None:
        if self.again is None:
            return None
        return [{**asdict(part), "total": part.total} for part in self.again.parts]


def explain(settings: Settings, wanted: str, user: str | None = None) -> Explanation:
    """Work out how the recommendation of this id came about.

    :param user: key of its user: only one partition is then searched.

    :raises Failure: there is no such recommendation, or its user was erased since.
    :raises Unreachable: the broker does not answer.
    """
    known = edges(settings)
    found = find.recommendation(settings, known, wanted, user)
    message, source = found.message, found.message["source_event"]
    key = (found.record.key or b"").decode(errors="replace")
    event, before = find.event(settings, known, source), past(settings, known, source, key)
    if before.erased:
        raise Failure(
            f"nothing is told of {wanted}",
            "its user was erased after it was made",
            "recaug audit   accounts for it without naming anybody",
        )
    notes = [*before.notes]
    if found.copies > 1:
        notes.append(f"it was sent {found.copies} times; readers keep one")
    worked = _again(settings, known, message, event, before, notes)
    return Explanation(message, event, before, _rules(message, worked), worked, notes)


def _again(
    settings: Settings,
    known: Edges,
    message: dict[str, Any],
    event: dict[str, Any] | None,
    before: Past,
    notes: list[str],
) -> Again | None:
    if event is None:
        notes.append("the event is not kept any more, so nothing can be worked out again")
        return None
    at_ms = _ms(message["generated_at"])
    live = world(settings, known, at_ms)
    try:
        scorer = _scorer(settings, message["model"], live)
    except (Failure, ModuleNotFoundError) as gone:
        notes.append(f"scores are not known: {gone}")
        return None
    words = _words(settings, event, notes)
    request = _request(message, event, before)
    items = message["items"]
    worked = again(settings, live, scorer, request, words, items, at_ms)
    notes += _doubts(worked)
    return worked


def _scorer(settings: Settings, model: dict[str, Any], live: Live) -> Any:
    """The model that made the list; None where there was none.

    :raises Failure: its bundle is not in this registry any more, or damaged.
    """
    if model["version"] is None:
        return None
    from recaug.registry import Registry
    from recaug.signing import Keys

    registry = Registry(settings.registry, Keys.of(settings))
    bundle = registry.open(model["name"], model["version"])
    return load(bundle, live, settings.model_copy(update={"provider": "cpu"}))


def _words(settings: Settings, event: dict[str, Any], notes: list[str]) -> Words | None:
    if not query(event):
        return None
    queries = Queries()
    try:
        from recaug.text import TextEncoder

        queries.use(TextEncoder.load(settings.encoder_dir).encode)
    except (Failure, ModuleNotFoundError):
        notes.append("the text encoder is not here: what the search adds is not known")
    (found,) = queries.vectors([event])
    return None if found is None else found.astype(np.float32)


def _request(message: dict[str, Any], event: dict[str, Any], before: Past) -> Request:
    source, fallback = message["source_event"], message["fallback"]
    return Request(
        event=event,
        history=None if fallback == "state_unavailable" else before.history,
        source=source["topic"],
        partition=source["partition"],
        offset=source["offset"],
        received_ms=_ms(message["generated_at"]),
        consent=fallback != "consent",
    )


def _doubts(worked: Again) -> list[str]:
    apart = [abs(p.total - p.listed) for p in worked.parts if p.total is not None]
    differ = [by for by in apart if by > SAME]
    if not differ:
        return []
    return [
        f"{len(differ)} of {len(worked.parts)} scores differ from those listed, by at most"
        f" {max(differ):.3f}: the worker had counted other events than are counted here"
    ]


def _rules(message: dict[str, Any], worked: Again | None) -> list[str]:
    rules = [RULES.get(message["fallback"], str(message["fallback"]))]
    if worked is not None and worked.left_out:
        rules.append(f"{worked.left_out} items that the user has had or disliked were left out")
    filled = [i for i in message["items"] if i["retriever"] in ("popularity", "newest")]
    if filled and message["fallback"] is None:
        rules.append(f"{len(filled)} places are there for popularity, or for being new, alone")
    if older := message.get("supersedes"):
        rules.append(f"it stands for {len(older)} older events of this user too")
    return rules


def _ms(text: str) -> int:
    return round(datetime.fromisoformat(text).timestamp() * 1_000)
