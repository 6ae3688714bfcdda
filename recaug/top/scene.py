"""Folds the records of all topics into what one screen shows.

Scene    fold(record) for every record, shot() for a frame
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

import orjson

from recaug.kafka import Record
from recaug.page.meters import Meters
from recaug.page.trace import Recent, Traces
from recaug.prequential.record import Cell
from recaug.prequential.record import Record as Metric
from recaug.prequential.totals import Totals
from recaug.topics import Topics

#: Lists shown, newest first, and events remembered until their list comes.
LINES, EVENTS = 40, 20_000

#: Milliseconds between two lists shown: more than a few a second nobody can read.
GAP_MS = 200.0

#: A list later than this breaks the promise that fresh lists make, ms; and over how long.
PROMPT_MS, PROMPT_SPAN_S = 1_000.0, 60.0

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Pair:
    """An event and the list it was answered with."""

    at_ms: int
    user: str
    event: str
    about: str
    items: tuple[Json, ...]
    fallback: str | None
    ms: float | None


@dataclass(frozen=True, slots=True)
class Shot:
    """The scene at one time.

    `prompt` is the share of lists within a second, of 1; `live` what of the served version was
    clicked; `promoted` the newest promotion, and when, `tried` the newest attempt.
    """

    now: Json = field(default_factory=dict)
    points: Mapping[str, list[float | None]] = field(default_factory=dict)
    prompt: float | None = None
    pairs: tuple[Pair, ...] = ()
    serving: Json | None = None
    promoted: tuple[int, Json] | None = None
    tried: Json | None = None
    live: Cell = field(default_factory=Cell)
    rejected: int = 0


class Scene:
    """Times are epoch milliseconds of this machine, an argument. Any thread may take a shot."""

    def __init__(self, topics: Topics, now_ms: float) -> None:
        self._lock = Lock()
        self._topics = topics
        self._traces, self._meters = Traces(), Meters(now_ms / 1000)
        self._prompt = Recent(PROMPT_SPAN_S)
        self._about: OrderedDict[str, str] = OrderedDict()
        self._pairs: deque[Pair] = deque(maxlen=LINES)
        self._totals = Totals()
        self._serving: Json | None = None
        self._promoted: tuple[int, Json] | None = None
        self._tried: Json | None = None
        self._rejected = 0
        self._next_ms = 0.0
        self._inputs = {topic.name for topic in topics.behaviour}
        self._folds = {
            **dict.fromkeys(self._inputs, self._arrived),
            topics.models.name: self._model,
            topics.metrics.name: self._metric,
            topics.recommendations.name: self._answered,
        }

    @property
    def topics(self) -> tuple[str, ...]:
        """Names of the topics it wants to see."""
        return (*self._folds, self._topics.dead_letters.name)

    def fold(self, record: Record, now_ms: float) -> None:
        """Take in one record; what cannot be understood is not shown."""
        fold = self._folds.get(record.topic)
        if fold is None:
            return
        with self._lock:
            try:
                fold(record, now_ms)
            except (AttributeError, KeyError, TypeError, ValueError):
                return  # anybody may write to a topic

    def count(self, topic: str, number: int, topics: Topics) -> None:
        """Note that `number` records were written to a topic, read or not."""
        with self._lock:
            if topic in self._inputs:
                self._meters.count("events", number)
            elif topic == topics.recommendations.name:
                self._meters.count("recommendations", number)
            elif topic == topics.dead_letters.name:
                self._rejected += number

    def tick(self, now_ms: float) -> None:
        """Close the seconds that have passed: what is counted belongs to the present one."""
        with self._lock:
            self._meters.tick(now_ms / 1000)

    def shot(self, now_ms: float) -> Shot:
        """Everything as it is now."""
        with self._lock:
            late = self._prompt.values(now_ms / 1000)
            version = (self._serving or {}).get("version")
            return Shot(
                now=self._meters.now(now_ms / 1000),
                points=self._meters.points(),
                prompt=sum(ms <= PROMPT_MS for ms in late) / len(late) if late else None,
                pairs=tuple(self._pairs),
                serving=self._serving,
                promoted=self._promoted,
                tried=self._tried,
                live=self._totals.of(version),
                rejected=self._rejected,
            )

    # -- one record of each topic ---------------------------------------------------------------

    def _arrived(self, record: Record, now_ms: float) -> None:
        event = orjson.loads(record.value or b"{}")
        name = event.get("event_id")
        if not isinstance(name, str):
            return
        self._traces.at(name).arrived_ms = record.timestamp_ms
        self._about[name] = _about(event)
        if len(self._about) > EVENTS:
            self._about.popitem(last=False)

    def _model(self, record: Record, now_ms: float) -> None:
        """An attempt has the key `name/version`; a promotion or rollback has the bare name."""
        if record.value is None or record.key is None:
            return
        attempt: Json = orjson.loads(record.value)
        if b"/" in record.key:
            self._tried = attempt
        else:
            self._promoted = record.timestamp_ms, attempt

    def _metric(self, record: Record, now_ms: float) -> None:
        self._totals.add(Metric.parse(record.value or b""))

    def _answered(self, record: Record, now_ms: float) -> None:
        answer: Json = orjson.loads(record.value or b"null")
        source = answer.get("source_event") or {}
        event_id = str(source.get("event_id"))
        trace = self._traces.take(event_id)
        ms = None
        if trace is not None and trace.arrived_ms is not None:
            ms = float(max(0, record.timestamp_ms - trace.arrived_ms))
            self._meters.latency(ms, {}, now_ms / 1000)
            self._prompt.add(ms, now_ms / 1000)
        self._serving = answer.get("model") or self._serving
        about = self._about.pop(event_id, "")
        if now_ms >= self._next_ms:
            self._next_ms = now_ms + GAP_MS
            self._pairs.appendleft(_pair(record, answer, str(source.get("event")), about, ms))


def _pair(record: Record, answer: Json, event: str, about: str, ms: float | None) -> Pair:
    return Pair(
        at_ms=record.timestamp_ms,
        user=(record.key or b"-").decode(errors="replace"),
        event=event,
        about=about,
        items=tuple(answer.get("items") or ()),
        fallback=answer.get("fallback"),
        ms=ms,
    )


def _about(event: Json) -> str:
    """What an event is about: an item, words, or somebody followed."""
    if event.get("search_term"):
        return f'"{event["search_term"]}"'
    found = event.get("item_id") or event.get("target_id")
    if found is None and isinstance(event.get("items"), list):
        found = next((i.get("item_id") for i in event["items"] if isinstance(i, dict)), None)
    return "" if found is None else str(found)
