"""The recommendation message: what a request is answered with, as bytes and headers.

Request       one event to answer, with its user's history
Answer        key, value and headers of the message
Stages        when each part of the work on a batch ended
Writer        makes answers; what is the same in a whole batch is made once
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import orjson

from recaug.events import recommendation_id, rfc3339, user_key

if TYPE_CHECKING:
    from recaug.history import History

TYPE = "io.recaug.recommendation.v1"
SOURCE = "/recaug/recommend"


@dataclass(frozen=True, slots=True)
class Request:
    """An event to answer. `history` already holds it; None: user state cannot be had just now."""

    event: dict[str, Any]
    history: History | None
    source: str  # topic, partition and offset of the event
    partition: int
    offset: int
    received_ms: float  # when it was read
    consent: bool = True
    appended_ms: float | None = None  # when the broker got it
    supersedes: Sequence[int] = ()  # offsets of the user's older events that get no answer


@dataclass(frozen=True, slots=True)
class Answer:
    """One message for the output topic."""

    key: bytes
    value: bytes
    headers: list[tuple[str, bytes]]


@dataclass(frozen=True, slots=True)
class Ranked:
    """What is recommended, before it is a message; `items` are in the form of the message."""

    items: list[dict[str, Any]]
    candidates: int
    fallback: str | None


@dataclass(frozen=True, slots=True)
class Stages:
    """Work on one batch: it started at `now_ms`, then took these milliseconds."""

    now_ms: float
    features_ms: float
    score_ms: float
    total_ms: float

    @classmethod
    def of(cls, marks: Sequence[float], now_ms: float) -> Stages:
        """From clock readings in seconds: start, [features ready, scored,] end."""
        laps = [round(1000.0 * (b - a), 3) for a, b in pairwise(marks)]
        features_ms, score_ms = laps[:2] if len(laps) == 3 else (laps[0], 0.0)
        return cls(now_ms, features_ms, score_ms, sum(laps))


class Writer:
    """Writes the answers of one batch, all made by one model at one time."""

    def __init__(self, model: dict[str, Any], stages: Stages, ttl_s: float) -> None:
        done_ms = stages.now_ms + stages.total_ms
        self._model, self._stages, self._done_ms = model, stages, done_ms
        self._at = rfc3339(int(done_ms))
        self._until = rfc3339(int(done_ms + ttl_s * 1000.0))
        self._headers = [
            ("ce_specversion", b"1.0"),
            ("ce_type", TYPE.encode()),
            ("ce_source", SOURCE.encode()),
            ("ce_time", self._at.encode()),
            ("ce_expirytime", self._until.encode()),
            ("content-type", b"application/json"),
            ("model-version", str(model["version"] or "").encode()),
        ]

    def write(self, request: Request, ranked: Ranked) -> Answer:
        """The one answer to a request; its id follows from the event's, whichever model answers."""
        event = request.event
        identity = recommendation_id(event["event_id"])
        message = {
            "recommendation_id": identity,
            "schema_version": 1,
            "user_id": event.get("user_id"),
            "anonymous_id": event.get("anonymous_id"),
            "session_id": event.get("session_id"),
            "placement": None,
            "generated_at": self._at,
            "expires_at": self._until,
            "source_event": _source(request),
            "model": self._model,
            "experiment": None,
            "items": ranked.items,
            "candidate_count": ranked.candidates,
            "fallback": ranked.fallback,
            "latency": self._latency(request),
        }
        if request.supersedes:
            message["supersedes"] = request.supersedes
        headers = [("ce_id", identity.encode()), *self._headers]
        headers.append(("fallback", (ranked.fallback or "").encode()))
        headers.append(("source-event", event["event"].encode()))
        return Answer(user_key(event).encode(), orjson.dumps(message), headers)

    def _latency(self, request: Request) -> dict[str, float | None]:
        stages, received = self._stages, request.received_ms
        appended = received if request.appended_ms is None else request.appended_ms
        return {
            "queue_ms": _between(appended, received),
            "features_ms": round(_between(received, stages.now_ms) + stages.features_ms, 3),
            "retrieve_ms": None,
            "score_ms": stages.score_ms,
            "processing_ms": _between(received, self._done_ms),
            # Two clocks: what they disagree by may be negative and is not hidden.
            "event_to_recommendation_ms": round(self._done_ms - request.event["timestamp"], 3),
        }


def _source(request: Request) -> dict[str, Any]:
    event = request.event
    return {
        "event_id": event["event_id"],
        "event": event["event"],
        "timestamp": rfc3339(event["timestamp"]),
        "topic": request.source,
        "partition": request.partition,
        "offset": request.offset,
    }


def _between(earlier_ms: float, later_ms: float) -> float:
    """Milliseconds that passed; 0 where a clock was set back."""
    return round(max(0.0, later_ms - earlier_ms), 3)
