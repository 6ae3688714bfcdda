"""What you do in the shop, checked and turned into an event of the system's own kind."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

USER = r"^you-[a-z0-9]{6,32}$"

ItemId = Annotated[str, Field(min_length=1, max_length=128)]


class _Gesture(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    user: str = Field(pattern=USER)
    event_id: str = Field(pattern=r"^[a-z0-9-]{8,64}$")
    recommendation_id: str | None = Field(None, max_length=64)


class Click(_Gesture):
    event: Literal["click"]
    item_id: ItemId
    index: int | None = Field(None, ge=0, le=1_000)


class Like(_Gesture):
    event: Literal["like"]
    item_id: ItemId
    undo: bool = False


class Search(_Gesture):
    event: Literal["search"]
    search_term: str = Field(min_length=1, max_length=200)


Gesture = Annotated[Click | Like | Search, Field(discriminator="event")]


def to_event(gesture: Click | Like | Search, now_ms: int) -> dict[str, Any]:
    """Return the event as a producer would publish it, fields that are not known left out."""
    event: dict[str, Any] = {
        "event": gesture.event,
        "event_id": gesture.event_id,
        "timestamp": now_ms,
        "user_id": gesture.user,
        "session_id": gesture.user,
        **_body(gesture),
    }
    if gesture.recommendation_id is not None:
        event["recommendation_id"] = gesture.recommendation_id
    return event


def _body(gesture: Click | Like | Search) -> dict[str, Any]:
    match gesture:
        case Click():
            body: dict[str, Any] = {"item_id": gesture.item_id}
            return body if gesture.index is None else {**body, "index": gesture.index}
        case Like():
            about = {"target_type": "item", "target_id": gesture.item_id, "value": 1}
            return {**about, "undo": True} if gesture.undo else about
        case Search():
            return {"search_term": gesture.search_term}
