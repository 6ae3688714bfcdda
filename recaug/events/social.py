"""What a user does in public: topic `social`. The acting user is `user_id`."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import ConfigDict, Field, model_validator
from pydantic.config import JsonDict
from pydantic_core import PydanticCustomError

from recaug.events.envelope import Envelope
from recaug.events.fields import Id, Prose, Short
from recaug.events.reasons import Reason

TargetType = Literal["user", "brand", "topic", "item"]

_WHO: JsonDict = {"timestamp": 1764000000000, "user_id": "u-1842"}
_ITEM: JsonDict = {"target_type": "item", "target_id": "sku-20931"}


class _Social(Envelope):
    target_type: TargetType = Field(
        description="What is meant: `user`, `brand`, `topic` or `item`. Only an item changes what"
        " the user is recommended directly."
    )
    target_id: Id = Field(description="Which one: the id of that user, brand, topic or item.")


class Follow(_Social):
    """The user follows somebody or something."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "event": "follow",
                    "event_id": "e-8",
                    **_WHO,
                    "target_type": "brand",
                    "target_id": "nordwind",
                }
            ]
        }
    )

    event: Literal["follow"] = Field("follow", description="Always `follow`.")
    undo: bool = Field(False, description="Takes an earlier follow back. Missing: false.")

    @model_validator(mode="after")
    def _not_oneself(self) -> Self:
        if self.target_type == "user" and self.target_id == (self.user_id or self.anonymous_id):
            raise PydanticCustomError(
                Reason.SELF_REFERENCE.value,
                "target_id is the acting user: send the id of the user who is followed",
            )
        return self


class Share(_Social):
    """The user passed something on."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"event": "share", "event_id": "e-9", **_WHO, **_ITEM, "method": "mail"}]
        }
    )

    event: Literal["share"] = Field("share", description="Always `share`.")
    method: Short | None = Field(
        None, description="How: `mail`, `link`, a network. Never to whom. Missing: unknown."
    )


class Like(_Social):
    """The user liked (1) or disliked (-1) something."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"event": "like", "event_id": "e-10", **_WHO, **_ITEM, "value": 1}]
        }
    )

    event: Literal["like"] = Field("like", description="Always `like`.")
    value: Literal[1, -1] = Field(
        1, description="1 is a like; -1 a dislike, which hides the item. Missing: 1."
    )
    undo: bool = Field(False, description="Takes an earlier like back. Missing: false.")


class Comment(_Social):
    """The user wrote about something."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "event": "comment",
                    "event_id": "e-11",
                    **_WHO,
                    **_ITEM,
                    "text": "Dry after two hours of rain.",
                    "language": "en",
                }
            ]
        }
    )

    event: Literal["comment"] = Field("comment", description="Always `comment`.")
    comment_id: Id | None = Field(
        None, description="Id of the comment. Missing: it cannot be replied to."
    )
    in_reply_to: Id | None = Field(
        None, description="Comment it answers. Missing: it answers none."
    )
    text: Prose | None = Field(
        None, description="What was written; cut at 4,000 characters. Missing: only the fact."
    )
    language: Short | None = Field(
        None, description="BCP 47 tag of the text, e.g. `en`. Missing: unknown."
    )
