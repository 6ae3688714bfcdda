"""What a user does in the shop: topics `clickstream` and `searches`."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import ConfigDict, Field
from pydantic.config import JsonDict

from recaug.events.envelope import Envelope, Line, Priced, Shown
from recaug.events.fields import (
    MAX_LINES,
    Attention,
    Currency,
    Free,
    Id,
    Index,
    Label,
    Money,
    Term,
)

# The first line that is wrong says enough: without that, thousands of them take 0.2 s to explain.
Lines = Annotated[tuple[Line, ...], Field(min_length=1, max_length=MAX_LINES, fail_fast=True)]

_WHO: JsonDict = {"timestamp": 1764000000000, "user_id": "u-1842", "session_id": "s-77f1"}


class Click(Envelope):
    """The user chose an item in a list."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"event": "click", "event_id": "e-1", **_WHO, "item_id": "sku-20931", "index": 3}
            ]
        }
    )

    event: Literal["click"] = Field("click", description="Always `click`.")
    item_id: Id = Field(description="The item chosen.")
    index: Index | None = Field(
        None,
        description="Its place in the list, from 0, as in the recommendation. Missing: position"
        " is not accounted for.",
    )
    item_list_id: Id | None = Field(
        None, description="Which list, e.g. `home`. Missing: unknown list."
    )
    item_list_name: Label | None = Field(
        None, description="Name of that list. Missing: unknown list."
    )


class View(Envelope, Priced):
    """The user looked at an item's own page."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "event": "view",
                    "event_id": "e-2",
                    **_WHO,
                    "item_id": "sku-20931",
                    "engagement_time_msec": 8200,
                }
            ]
        }
    )

    event: Literal["view"] = Field("view", description="Always `view`.")
    item_id: Id = Field(description="The item looked at.")
    engagement_time_msec: Attention | None = Field(
        None,
        description="Milliseconds the page had the user's attention; over an hour counts as one"
        " hour. Missing: a view like any other.",
    )
    percent_scrolled: Annotated[int, Field(ge=0, le=100)] | None = Field(
        None, description="How far down the page, 0–100. Missing: unknown."
    )


class _Cart(Envelope, Priced):
    items: Lines = Field(description="The items concerned, 1–200.")
    cart_id: Id | None = Field(None, description="The cart. Missing: the user's only cart.")


class AddToCart(_Cart):
    """The user put items into the cart."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "event": "add_to_cart",
                    "event_id": "e-3",
                    **_WHO,
                    "items": [{"item_id": "sku-20931", "quantity": 1, "price": 24.9}],
                    "currency": "EUR",
                }
            ]
        }
    )

    event: Literal["add_to_cart"] = Field("add_to_cart", description="Always `add_to_cart`.")


class RemoveFromCart(_Cart):
    """The user took items out of the cart: no interest, and no recommendation in answer."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "event": "remove_from_cart",
                    "event_id": "e-4",
                    **_WHO,
                    "items": [{"item_id": "sku-20931", "quantity": 1}],
                }
            ]
        }
    )

    event: Literal["remove_from_cart"] = Field(
        "remove_from_cart", description="Always `remove_from_cart`."
    )


class Purchase(Envelope):
    """The user bought."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "event": "purchase",
                    "event_id": "e-5",
                    **_WHO,
                    "transaction_id": "o-9001",
                    "items": [{"item_id": "sku-20931", "quantity": 2, "price": 24.9}],
                    "value": 49.8,
                    "currency": "EUR",
                }
            ]
        }
    )

    event: Literal["purchase"] = Field("purchase", description="Always `purchase`.")
    transaction_id: Id = Field(description="The order.")
    items: Lines = Field(description="The items bought, 1–200.")
    value: Money = Field(description="What the order is worth, in `currency`.")
    currency: Currency = Field(description="ISO 4217 code, e.g. `EUR`.")
    tax: Money | None = Field(None, description="Tax, in `currency`. Missing: unknown.")
    shipping: Money | None = Field(None, description="Shipping, in `currency`. Missing: unknown.")
    coupon: Label | None = Field(None, description="Coupon used. Missing: none.")


class Search(Envelope):
    """The user searched: topic `searches`."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "event": "search",
                    "event_id": "e-6",
                    **_WHO,
                    "search_term": "rain jacket",
                    "results_count": 42,
                }
            ]
        }
    )

    event: Literal["search"] = Field("search", description="Always `search`.")
    search_term: Term = Field(description="What was typed; cut at 512 characters.")
    filters: Free | None = Field(
        None, description="Filters applied, at most 4 KiB of JSON. Missing: none."
    )
    results_count: Annotated[int, Field(ge=0, le=2**53)] | None = Field(
        None, description="How many results there were. Missing: unknown."
    )
    item_ids: Annotated[tuple[Id, ...], Field(max_length=MAX_LINES, fail_fast=True)] | None = Field(
        None, description="Results shown, best first, at most 200. Missing: unknown."
    )


class Impression(Envelope):
    """A list was shown. Strongly advised: without it, what was ignored cannot be learned from."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "event": "impression",
                    "event_id": "e-7",
                    **_WHO,
                    "items": [
                        {"item_id": "sku-20931", "index": 0},
                        {"item_id": "sku-11", "index": 1},
                    ],
                    "item_list_id": "home",
                }
            ]
        }
    )

    event: Literal["impression"] = Field("impression", description="Always `impression`.")
    items: Annotated[
        tuple[Shown, ...], Field(min_length=1, max_length=MAX_LINES, fail_fast=True)
    ] = Field(description="What was shown, in order, 1–200.")
    item_list_id: Id | None = Field(
        None, description="Which list. Missing: `recommendation_id` names it, or it is unknown."
    )
