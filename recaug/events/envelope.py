"""What every event carries, whatever it says: identity, time, attribution, context.

Field descriptions are the documentation: `Missing:` says what happens when the field is left out;
a required field without it is refused as `missing_field`. `docs/reference/events.md`, the JSON
Schemas and dead letters are written from them.
"""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from recaug.events.fields import (
    Currency,
    EpochMs,
    Free,
    Id,
    Index,
    Label,
    Money,
    Quantity,
    Record,
    Short,
    Url,
    UserId,
)
from recaug.events.reasons import Reason


class Context(Record):
    """Where the user was."""

    locale: Short | None = Field(
        None, description="Language and region, e.g. `de-AT`. Missing: unknown."
    )
    timezone: Short | None = Field(
        None, description="IANA name, e.g. `Europe/Vienna`. Missing: unknown."
    )
    platform: Short | None = Field(None, description="`web`, `ios`, `android`, … Missing: unknown.")
    device_type: Short | None = Field(
        None, description="`desktop`, `phone`, `tablet`, … Missing: unknown."
    )
    app_version: Short | None = Field(
        None, description="Version of the sending application. Missing: unknown."
    )
    page_url: Url | None = Field(None, description="Page the event happened on. Missing: unknown.")
    referrer: Url | None = Field(None, description="Page before it. Missing: unknown.")


class Envelope(Record):
    """Fields of every behaviour, search and social event."""

    event: str
    event_id: Id = Field(
        description="Unique name of this event, made once by the producer and kept on every resend;"
        " UUIDv7 advised. Resends and replays are recognised by it, and the recommendation's id is"
        " derived from it. Missing: refused as `missing_field`, because an id invented here would"
        " make every resend a new event (GA4 exports have none: theirs is derived from the bytes)."
    )
    timestamp: EpochMs = Field(
        description="When it happened (event time): epoch milliseconds; seconds, micro- and"
        " nanoseconds and RFC 3339 text are converted. More than five minutes ahead of the clock is"
        " refused as `time_in_future`."
    )
    user_id: UserId | None = Field(
        None,
        description="Opaque id of the user, no e-mail address or telephone number; with"
        " `anonymous_id`, the Kafka key. Missing: `anonymous_id` identifies the user; both missing:"
        " refused as `no_user`.",
    )
    anonymous_id: UserId | None = Field(
        None,
        description="Id of the device or visit before log-in; used where `user_id` is absent."
        " Missing: `user_id` must be there.",
    )
    session_id: Id | None = Field(
        None, description="Visit this event belongs to. Missing: no visit is named."
    )
    recommendation_id: Id | None = Field(
        None,
        description="Copy of `recommendation_id` of the list the user acted on. Missing: the event"
        " still counts as behaviour, but not as an answer to a recommendation (no click-through"
        " rate, no comparison of experiment arms).",
    )
    tenant: Id | None = Field(
        None, description="Shop or site, where one system serves several. Missing: the only one."
    )
    context: Context | None = Field(
        None, description="Where the user was. Missing: no context features."
    )
    properties: Free | None = Field(
        None,
        description="Anything else worth keeping, at most 4 KiB of JSON; `synthetic: true` marks"
        " test traffic, which production (`RECAUG_ENV`) refuses. Missing: nothing kept.",
    )

    @model_validator(mode="after")
    def _somebody(self) -> Self:
        if self.user_id is None and self.anonymous_id is None:
            raise PydanticCustomError(
                Reason.NO_USER.value,
                "user_id or anonymous_id is required: send an opaque id of the user or the device",
            )
        return self


class Line(Record):
    """One item of a cart, a purchase or a list."""

    item_id: Id = Field(description="The item.")
    quantity: Quantity = Field(1, description="How many. Missing: one.")
    price: Money | None = Field(None, description="Price of one, in `currency`. Missing: unknown.")
    item_variant: Label | None = Field(None, description="Size, colour, … Missing: no variant.")
    item_name: Label | None = Field(
        None, description="Name as shown. Missing: the one in the `items` topic, if any."
    )
    item_brand: Label | None = Field(None, description="Brand. Missing: as `item_name`.")
    item_category: Label | None = Field(None, description="Category. Missing: as `item_name`.")


class Shown(Record):
    """One item of a list the user was shown."""

    item_id: Id = Field(description="The item.")
    index: Index | None = Field(
        None, description="Place in the list, from 0. Missing: its place in `items`."
    )
    score: float | None = Field(None, description="Score it was ranked by. Missing: unknown.")


class Priced(Record):
    """What an amount is worth."""

    value: Money | None = Field(None, description="Worth of the event. Missing: unknown.")
    currency: Currency | None = Field(
        None, description="ISO 4217 code, e.g. `EUR`. Missing: amounts are not compared."
    )
