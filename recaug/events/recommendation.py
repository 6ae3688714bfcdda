"""The answer: topic `recommendations`, key and partition those of the user's events."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from recaug.events.fields import Id, Index, Label, Record, Short, UserId

ReasonCode = Literal[
    "similar_to_recent_click",
    "bought_together",
    "followed_creator",
    "matches_search",
    "trending",
    "popular",
    "new_item",
    "explore",
]
Fallback = Literal["popular", "no_history", "state_unavailable", "consent"]
Rfc3339 = Annotated[str, Field(json_schema_extra={"format": "date-time"})]
Millis = Annotated[float, Field(ge=0)]


class Because(Record):
    """Why an item is in the list; wording and language are the consumer's."""

    code: ReasonCode = Field(description="The kind of reason.")
    item_id: Id | None = Field(
        None, description="Item of the user's own history that it rests on. Null: on none."
    )


class Recommended(Record):
    """One item of the list."""

    item_id: Id = Field(description="The item.")
    index: Index = Field(
        description="Place in the list, from 0; send it back as `index` of the click."
    )
    score: float = Field(description="What the list is ordered by; not a probability.")
    propensity: float = Field(
        1.0,
        gt=0,
        le=1,
        description="Probability with which the policy that made this list shows the item at this"
        " place; 1: it always does. Missing: 1.",
    )
    retriever: Short | None = Field(
        None,
        description="The scorer without which the item would not be here: `model`, `sessions` (what"
        " others clicked together), `search` (what the words are for), `popularity`, `newest`."
        " Null: unknown.",
    )
    reasons: tuple[Because, ...] = Field((), description="Why, strongest first; may be empty.")


class SourceEvent(Record):
    """The event that is answered, and where it is in `recaug.events`."""

    event_id: Id = Field(description="Id of that event.")
    event: Short = Field(description="Its kind.")
    timestamp: Rfc3339 = Field(description="When it happened.")
    topic: Label = Field(description="Topic it was read from.")
    partition: int = Field(ge=0, description="Partition of it.")
    offset: int = Field(ge=0, description="Offset in that.")


class Model(Record):
    """What ranked the list."""

    name: Label = Field(description="Name in the registry.")
    version: Label | None = Field(description="Version. Null: no model was trained yet.")
    provider: Short = Field(description="ONNX Runtime execution provider: `cpu`, `cuda`, …")
    precision: Short = Field(description="`fp32`, `fp16`, …")


class Experiment(Record):
    """The experiment the list belongs to."""

    id: Id = Field(description="The experiment.")
    arm: Label = Field(description="The arm this user is in.")


class Latency(Record):
    """Where the time went, in milliseconds."""

    queue_ms: Millis | None = Field(None, description="Event appended → read here.")
    features_ms: Millis | None = Field(None, description="State read and arrays built.")
    retrieve_ms: Millis | None = Field(None, description="Candidates found.")
    score_ms: Millis | None = Field(None, description="Model run.")
    processing_ms: Millis | None = Field(None, description="Read here → written: our part.")
    event_to_recommendation_ms: float | None = Field(
        None, description="Event time → written: what the user waits; two clocks."
    )


class Recommendation(Record):
    """One list for one user, in answer to one event. Nulls are written."""

    model_config = ConfigDict(
        protected_namespaces=(),
        json_schema_extra={
            "examples": [
                {
                    "recommendation_id": "6b0f4a8e-3a0c-5a39-9d0b-4c2a0f3a7a10",
                    "schema_version": 1,
                    "user_id": "u-1842",
                    "anonymous_id": None,
                    "session_id": "s-77f1",
                    "placement": None,
                    "generated_at": "2025-11-24T16:00:00.042Z",
                    "expires_at": "2025-11-24T16:30:00.042Z",
                    "source_event": {
                        "event_id": "e-1",
                        "event": "click",
                        "timestamp": "2025-11-24T16:00:00.000Z",
                        "topic": "recaug.events",
                        "partition": 0,
                        "offset": 918233,
                    },
                    "model": {
                        "name": "main",
                        "version": "20251124T155900-4f1c9a",
                        "provider": "cpu",
                        "precision": "fp32",
                    },
                    "experiment": None,
                    "items": [
                        {
                            "item_id": "sku-11",
                            "index": 0,
                            "score": 0.913,
                            "propensity": 1.0,
                            "retriever": "model",
                            "reasons": [
                                {"code": "similar_to_recent_click", "item_id": "sku-20931"}
                            ],
                        }
                    ],
                    "candidate_count": 2000,
                    "fallback": None,
                    "latency": {
                        "queue_ms": 4.1,
                        "features_ms": 1.2,
                        "retrieve_ms": None,
                        "score_ms": 3.9,
                        "processing_ms": 10.0,
                        "event_to_recommendation_ms": 42.0,
                    },
                }
            ]
        },
    )

    recommendation_id: Id = Field(
        description="UUIDv5 of the answered event's id: the same on every replay, so readers drop"
        " duplicates by it. Send it back with clicks and purchases."
    )
    schema_version: Literal[1] = Field(1, description="Always 1.")
    user_id: UserId | None = Field(None, description="As in the event. Null: anonymous.")
    anonymous_id: UserId | None = Field(None, description="As in the event.")
    session_id: Id | None = Field(None, description="As in the event.")
    placement: Label | None = Field(None, description="Where it is meant for. Null: anywhere.")
    generated_at: Rfc3339 = Field(description="When the list was made.")
    expires_at: Rfc3339 = Field(description="After this, ask again rather than show it.")
    source_event: SourceEvent = Field(description="The event that is answered.")
    model: Model = Field(description="What ranked the list.")
    experiment: Experiment | None = Field(None, description="Null: no experiment is running.")
    items: tuple[Recommended, ...] = Field(description="Best first; may be shorter than asked.")
    candidate_count: int = Field(ge=0, description="How many items were compared.")
    fallback: Fallback | None = Field(
        None,
        description="Null: a full answer. `popular`: no model trained yet; `no_history`: the model"
        " knows nothing the user did; `state_unavailable`: the store is down; `consent`: the user"
        " allows no personalisation. The items are popular ones; in the first two cases behind what"
        " others clicked together with the user's, if anything. In answer to a search they come"
        " behind what its words are for, and that is a full answer to a newcomer.",
    )
    latency: Latency = Field(Latency(), description="Where the time went.")
    supersedes: tuple[Annotated[int, Field(ge=0)], ...] = Field(
        (),
        description="Offsets, in the partition that `source_event` names, of older events of this"
        " user that this list stands for: recommend was behind and did not answer each. Missing:"
        " none.",
    )
