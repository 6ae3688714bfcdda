"""Folds the records of all topics into what the page shows.

    Live    fold(record) for every record, publish() four times a second

One thread calls it; the web server reads the `Board` it publishes to.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable

import orjson

from recaug.bounds import Bound, hit
from recaug.events import items_of
from recaug.kafka import Record
from recaug.page.board import Board, Message
from recaug.page.deeds import Deeds
from recaug.page.letters import Letters
from recaug.page.meters import Meters
from recaug.page.pairs import Pairs
from recaug.page.people import People
from recaug.page.quality import Quality
from recaug.page.shop import Shop
from recaug.page.trace import Traces, stages_ms
from recaug.popularity import Popularity
from recaug.prequential.record import Record as Metric
from recaug.topics import Topics

log = logging.getLogger(__name__)

ATTEMPTS = 40
FALLBACKS = 500
LISTS = 1_000
POPULAR = 10

#: What the shop calls popular forgets half in this time.
HALF_LIFE_S = 600.0

MINE = "you-"


class Live:
    """State of the page. Times are epoch milliseconds of this machine, an argument."""

    def __init__(
        self,
        topics: Topics,
        board: Board,
        deliver: Callable[[str, Message], None],
        now_ms: float,
    ) -> None:
        self.traces = Traces()
        self.shop = Shop()
        self.quality = Quality()
        self.deeds = Deeds()
        self.pairs = Pairs()
        self._board, self._deliver = board, deliver
        self._meters = Meters(now_ms / 1000)
        self._popular = Popularity(HALF_LIFE_S, capacity=20_000)
        self._people = People()
        self._letters = Letters()
        self._attempts: dict[str, Message] = {}
        self._promotions: deque[Message] = deque(maxlen=ATTEMPTS)
        self._fallbacks: deque[str | None] = deque(maxlen=FALLBACKS)
        self._lists: dict[str, Message] = {}
        self._serving: Message | None = None
        self._folds: dict[str, Callable[[Record, float], None]] = {
            **{topic.name: self._arrived for topic in topics.behaviour},
            topics.events.name: self._cleaned,
            topics.clean_items.name: self._item,
            topics.clean_users.name: self._profile,
            topics.models.name: self._model,
            topics.metrics.name: self._metric,
            topics.dead_letters.name: self._rejected,
            topics.recommendations.name: self._answered,
        }

    @property
    def topics(self) -> tuple[str, ...]:
        """Names of the topics it wants to see."""
        return tuple(self._folds)

    def fold(self, record: Record, now_ms: float) -> None:
        """Take in one record.

        Anybody may write to a topic: one that cannot be understood is logged and not shown.
        """
        try:
            self._folds[record.topic](record, now_ms)
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            place = f"{record.topic} {record.partition}:{record.offset}"
            log.warning("%s is not shown: %s: %s", place, type(error).__name__, error)

    def count(self, topic: str, number: int, topics: Topics) -> None:
        """Note that `number` records were written to a topic, read or not."""
        if topic in {t.name for t in topics.behaviour}:
            self._meters.count("events", number)
        elif topic == topics.recommendations.name:
            self._meters.count("recommendations", number)
        elif topic == topics.dead_letters.name:
            self._meters.count("rejects", number)

    def list_of(self, user: str) -> Message | None:
        """Return the newest answer to one of the page's own users."""
        return self._lists.get(user)

    # -- one record of each topic ---------------------------------------------------------------

    def _arrived(self, record: Record, now_ms: float) -> None:
        event = _object(record.value)
        if event is not None and isinstance(event.get("event_id"), str):
            self.traces.at(event["event_id"]).arrived_ms = record.timestamp_ms

    def _cleaned(self, record: Record, now_ms: float) -> None:
        event = _object(record.value)
        if event is None or record.key is None:
            return
        event_id = str(event.get("event_id"))
        self.traces.at(event_id).cleaned_ms = record.timestamp_ms
        self.pairs.saw(event_id, record.value or b"")
        items, user = items_of(event), record.key.decode(errors="replace")
        for item_id in items:
            self._popular.add(item_id, record.timestamp_ms)
        if user.startswith(MINE):
            self.deeds.note(user, event)
        elif items and event.get("user_id") is not None:
            self._people.note(user, items[0], record.timestamp_ms)

    def _item(self, record: Record, now_ms: float) -> None:
        if record.key is not None:
            self.shop.put(record.key.decode(errors="replace"), _object(record.value))

    def _model(self, record: Record, now_ms: float) -> None:
        """An attempt has the key `name/version`; a promotion or rollback has the bare name."""
        attempt = _object(record.value)
        if attempt is None or record.key is None:
            return
        if b"/" in record.key:
            self._attempts.pop(str(attempt.get("version")), None)
            self._attempts[str(attempt.get("version"))] = attempt
            if len(self._attempts) > ATTEMPTS:
                del self._attempts[next(iter(self._attempts))]
        else:
            version, at_ms = attempt.get("version"), record.timestamp_ms
            self._promotions.append({"version": version, "at_ms": at_ms})

    def _metric(self, record: Record, now_ms: float) -> None:
        self.quality.fold(Metric.parse(record.value or b""), record.timestamp_ms)

    def _profile(self, record: Record, now_ms: float) -> None:
        """A null: nothing that names its user is shown any longer."""
        if record.value is not None or record.key is None:
            return
        user = record.key.decode(errors="replace")
        self._lists.pop(user, None)
        for shown in (self.pairs, self._letters, self._people, self.deeds):
            shown.forget(user)

    def _rejected(self, record: Record, now_ms: float) -> None:
        self._letters.add(record)

    def _answered(self, record: Record, now_ms: float) -> None:
        answer = _object(record.value)
        if answer is None or record.key is None:
            return
        source = answer.get("source_event") or {}
        trace = self.traces.take(str(source.get("event_id")))
        parts: dict[str, float] = {}
        if trace is not None and trace.arrived_ms is not None:
            parts = stages_ms(trace, record.timestamp_ms, now_ms)
            total_ms = max(0, record.timestamp_ms - trace.arrived_ms)
            self._meters.latency(total_ms, parts, now_ms / 1000)
        self._serving = answer.get("model") or self._serving
        self._fallbacks.append(answer.get("fallback"))
        user = record.key.decode(errors="replace")
        if user.startswith(MINE):
            self._mine(user, answer, parts)
        if self.pairs.wants(now_ms) or user.startswith(MINE):
            self._pair(user, answer, record, trace.arrived_ms if trace else None, now_ms)

    def _mine(self, user: str, answer: Message, parts: dict[str, float]) -> None:
        message = {**self._list(user, answer), "stages": parts}
        self._lists.pop(user, None)
        self._lists[user] = message
        if len(self._lists) > LISTS:
            hit(Bound.PAGE_LISTS)
            del self._lists[next(iter(self._lists))]
        self._deliver(user, message)

    def _list(self, user: str, answer: Message) -> Message:
        """An answer with the titles a person knows, the evidence of each reason included."""
        source = answer.get("source_event") or {}
        return {
            "recommendation_id": answer.get("recommendation_id"),
            "event_id": source.get("event_id"),
            "event": source.get("event"),
            "model": answer.get("model"),
            "fallback": answer.get("fallback"),
            "items": [self._entry(user, item) for item in answer.get("items") or ()],
        }

    def _entry(self, user: str, item: Message) -> Message:
        reason: Message = next(iter(item.get("reasons") or ()), {})
        return {
            **self.shop.card(str(item.get("item_id"))),
            "score": item.get("score"),
            "reason": reason.get("code"),
            "retriever": item.get("retriever"),
            **self._evidence(user, reason),
        }

    def _evidence(self, user: str, reason: Message) -> Message:
        """What a reason rests on: an item and how the user came upon it, or words."""
        item_id = reason.get("item_id")
        if item_id:
            return {"evidence": self.shop.title(item_id), "did": self.deeds.kind(user, item_id)}
        if reason.get("code") == "matches_search":
            return {"evidence": self.deeds.term(user), "did": "search"}
        return {"evidence": None, "did": None}

    def _pair(
        self, user: str, answer: Message, record: Record, arrived_ms: int | None, now_ms: float
    ) -> None:
        source = answer.get("source_event") or {}
        items = list(answer.get("items") or ())[:3]
        short = {
            "id": source.get("event_id"),
            "at_ms": record.timestamp_ms,
            "user": user,
            "event": source.get("event"),
            "titles": [self.shop.title(str(item.get("item_id"))) for item in items],
            "fallback": answer.get("fallback"),
            "ms": None if arrived_ms is None else max(0, record.timestamp_ms - arrived_ms),
        }
        self.pairs.add(short, record.value or b"", now_ms)

    # -- what the page gets -----------------------------------------------------------------------

    def publish(self, now_ms: float) -> None:
        """Put every section on the board; unchanged ones are no news there."""
        if self._meters.tick(now_ms / 1000):
            self._board.put("points", self._meters.points())
            self._board.put("popular", self._most_popular(now_ms))
            self._board.put("people", self._present())
        known = sum(1 for fallback in self._fallbacks if fallback)
        fallback = known / len(self._fallbacks) if self._fallbacks else None
        self._board.put("now", {**self._meters.now(now_ms / 1000), "fallback": fallback})
        self._board.put("pairs", self.pairs.shown())
        self._board.put("catalogue", {"version": self.shop.version, "items": len(self.shop)})
        self._board.put("dead", self._letters.section())
        self._board.put("models", self._models())
        if (quality := self.quality.section()) is not None:
            self._board.put("quality", quality)

    def _most_popular(self, now_ms: float) -> list[Message]:
        top = self._popular.top(POPULAR, int(now_ms))
        return [{**self.shop.card(item_id), "reason": "popular"} for item_id, _ in top]

    def _present(self) -> list[Message]:
        """People one can follow, with what they looked at last."""
        return [
            {"id": person.id, "title": self.shop.title(person.item_id)}
            for person in self._people.seated()
        ]

    def _models(self) -> Message:
        attempts = sorted(self._attempts.values(), key=lambda a: str(a.get("created_at")))
        return {
            "serving": self._serving,
            "attempts": attempts,
            "promotions": list(self._promotions),
        }


def _object(value: bytes | None) -> Message | None:
    if value is None:
        return None
    try:
        found = orjson.loads(value)
    except orjson.JSONDecodeError:
        return None
    return found if isinstance(found, dict) else None
