"""What you do in the shop, checked and turned into an event of the system's own kind."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

USER = r"^you-[a-z0-9]{6,32}$"

Name = Annotated[str, Field(min_length=1, max_length=128)]


class _Gesture(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    user: str = Field(pattern=USER)
    event_id: str = Field(pattern=r"^[a-z0-9-]{8,64}$")
    recommendation_id: str | None = Field(None, max_length=64)


class Click(_Gesture):
    event: Literal["click"]
    item_id: Name
    index: int | None = Field(None, ge=0, le=1_000)


class Search(_Gesture):
    event: Literal["search"]
    search_term: str = Field(min_length=1, max_length=200)


class _Target(_Gesture):
    target_type: Literal["item", "brand", "user"]
    target_id: Name


class Opinion(_Target):
    event: Literal["like", "follow"]
    undo: Literal[True] | None = None


class Share(_Target):
    event: Literal["share"]


Gesture = Annotated[Click | Search | Opinion | Share, Field(discriminator="event")]


def to_event(gesture: Click | Search | Opinion | Share, now_ms: int) -> dict[str, Any]:
    """Return the event as a producer would publish it, fields that are not known left out."""
    told = gesture.model_dump(exclude_none=True)
    user = told.pop("user")
    # A like can also be a dislike, which hides its item; the shop has none.
    value = {"value": 1} if gesture.event == "like" else {}
    return {**told, "timestamp": now_ms, "user_id": user, "session_id": user, **value}
