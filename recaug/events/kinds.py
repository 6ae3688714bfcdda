"""The eleven kinds of event: their names, the numbers models know them by, what each is about."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, get_args
from uuid import UUID, uuid5

from pydantic import BaseModel, Field

from recaug.events.behaviour import (
    AddToCart,
    Click,
    Impression,
    Purchase,
    RemoveFromCart,
    Search,
    View,
)
from recaug.events.social import Comment, Follow, Like, Share

Event = Annotated[
    Click
    | View
    | AddToCart
    | RemoveFromCart
    | Purchase
    | Search
    | Impression
    | Follow
    | Share
    | Like
    | Comment,
    Field(discriminator="event"),
]

#: Number of each kind in a model's `kinds` input; 0 is padding. Never renumber: weights hold them.
KINDS: dict[str, int] = {
    "click": 1,
    "view": 2,
    "add_to_cart": 3,
    "remove_from_cart": 4,
    "purchase": 5,
    "search": 6,
    "impression": 7,
    "follow": 8,
    "share": 9,
    "like": 10,
    "comment": 11,
}
EVENT_NAMES: tuple[str, ...] = tuple(KINDS)
SOCIAL: frozenset[str] = frozenset({"follow", "share", "like", "comment"})

#: Model of each kind.
MODELS: dict[str, type[BaseModel]] = {
    model.model_fields["event"].default: model for model in get_args(get_args(Event)[0])
}

_RECOMMENDATIONS = UUID("7d8c1c5e-3f0b-5d2a-9a64-6b2f3c0f5a11")


def user_key(event: BaseModel | Mapping[str, Any]) -> str:
    """The user an event or profile belongs to, which is its Kafka key: `user_id`, else
    `anonymous_id`.
    """
    fields = event.__dict__ if isinstance(event, BaseModel) else event
    key: str = fields.get("user_id") or fields["anonymous_id"]
    return key


def items_of(event: Mapping[str, Any]) -> tuple[str, ...]:
    """Items the (canonical) event says its user is interested in, in its order; often none."""
    kind = event["event"]
    if kind in ("click", "view"):
        return (event["item_id"],)
    if kind in ("add_to_cart", "purchase"):
        return tuple(line["item_id"] for line in event["items"])
    if kind in SOCIAL and event["target_type"] == "item" and _meant(event):
        return (event["target_id"],)
    return ()


def _meant(event: Mapping[str, Any]) -> bool:
    """Neither taken back nor a dislike."""
    return not event.get("undo", False) and (event["event"], event.get("value")) != ("like", -1)


def recommendation_id(event_id: str) -> str:
    """Id of the answer to an event: the same however often, and by whichever model, it is given."""
    return str(uuid5(_RECOMMENDATIONS, event_id))
