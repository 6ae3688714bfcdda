"""What items and users are: whole documents on compacted topics, each replacing the one before.

A record with a null value deletes: an item is recommended no more, a user is forgotten.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from recaug.events.fields import (
    Currency,
    EpochMs,
    Free,
    Id,
    Label,
    Money,
    Prose,
    Record,
    Short,
    Url,
    UserId,
)

Labels = Annotated[tuple[Label, ...], Field(max_length=32, fail_fast=True)]


class Item(Record):
    """Something that can be recommended: topic `items`, key `item_id`."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "item_id": "sku-20931",
                    "timestamp": 1764000000000,
                    "name": "Rain jacket, light",
                    "brand": "Nordwind",
                    "categories": ["outdoor", "jackets"],
                    "price": 24.9,
                    "currency": "EUR",
                    "availability": "in_stock",
                }
            ]
        }
    )

    item_id: Id = Field(description="The item; also the Kafka key.")
    timestamp: EpochMs = Field(
        description="When this description was true; forms as in events. Of several documents the"
        " one written last holds."
    )
    name: Label | None = Field(
        None,
        description="Title as shown. Missing: the item cannot be represented by its text, and is"
        " recommended only once users have acted on it.",
    )
    description: Prose | None = Field(
        None, description="Longer text; cut at 4,000 characters. Missing: `name` alone is used."
    )
    brand: Label | None = Field(None, description="Brand or maker. Missing: unknown.")
    categories: Labels | None = Field(
        None, description="Categories, broadest first, at most 32. Missing: uncategorised."
    )
    tags: Labels | None = Field(None, description="Free labels, at most 32. Missing: none.")
    price: Money | None = Field(None, description="Price, in `currency`. Missing: unknown.")
    currency: Currency | None = Field(
        None, description="ISO 4217 code. Missing: prices are not compared."
    )
    availability: Literal["in_stock", "out_of_stock", "preorder"] | None = Field(
        None,
        description="`out_of_stock` is not recommended until it changes. Missing: taken as in"
        " stock.",
    )
    is_hidden: bool = Field(False, description="Never recommended while true. Missing: false.")
    url: Url | None = Field(None, description="Page of the item. Missing: no link.")
    image_url: Url | None = Field(None, description="Picture. Missing: no picture.")
    language: Short | None = Field(
        None, description="BCP 47 tag of name and description. Missing: unknown."
    )
    creator_id: Id | None = Field(None, description="User who made it. Missing: nobody.")
    published_at: EpochMs | None = Field(
        None, description="When it appeared; forms as `timestamp`. Missing: unknown."
    )
    attributes: Free | None = Field(
        None, description="Anything else, at most 4 KiB of JSON. Missing: nothing."
    )


class Consent(Record):
    """What the user allows."""

    personalization: bool = Field(
        True,
        description="When false, popular items only and no history is kept. Missing: true.",
    )


class User(Record):
    """What is known of a user: topic `users`, key `user_id`."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "user_id": "u-1842",
                    "timestamp": 1764000000000,
                    "locale": "de-AT",
                    "interests": ["outdoor"],
                    "consent": {"personalization": True},
                }
            ]
        }
    )

    user_id: UserId = Field(description="The user; also the Kafka key.")
    timestamp: EpochMs = Field(
        description="When this profile was true; forms as in events. Of several documents the"
        " one written last holds."
    )
    created_at: EpochMs | None = Field(
        None, description="When the user joined; forms as `timestamp`. Missing: unknown."
    )
    locale: Short | None = Field(
        None, description="Language and region, e.g. `de-AT`. Missing: unknown."
    )
    country: Short | None = Field(None, description="ISO 3166 code. Missing: unknown.")
    interests: Labels | None = Field(
        None, description="What the user says they like, at most 32. Missing: none."
    )
    segments: Labels | None = Field(
        None, description="Groups the user was put in, at most 32. Missing: none."
    )
    traits: Free | None = Field(
        None, description="Anything else, at most 4 KiB of JSON. Missing: nothing."
    )
    consent: Consent = Field(
        Consent(), description="What the user allows. Missing: personalisation is allowed."
    )
