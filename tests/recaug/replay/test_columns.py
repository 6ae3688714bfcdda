"""Columns are found by name, and rows become events."""

from datetime import datetime
from typing import Any

import pytest

from recaug.errors import Failure
from recaug.replay.columns import Columns
from recaug.replay.happening import Unusable

TIME = "881250949"
TIME_MS = 881_250_949_000


def read(**row: Any) -> dict[str, Any]:
    return Columns.of(list(row), "data").happening(row, 1).event


@pytest.mark.parametrize(
    "header",
    [
        ["user_id:token", "item_id:token", "rating:float", "timestamp:float"],
        ["userId", "movieId", "rating", "timestamp"],
        ["reviewerID", "asin", "overall", "unixReviewTime"],
    ],
)
def test_data_sets_are_known_by_their_columns(header: list[str]) -> None:
    columns = Columns.of(header, "data")
    found = columns.happening(dict(zip(header, ["196", "242", "3", TIME], strict=True)), 7)
    assert found.at == TIME_MS
    assert found.original == TIME
    assert found.number == 7
    assert found.event == {
        "event": "view",
        "user_id": "196",
        "item_id": "242",
        "properties": {"rating": 3.0},
    }


def test_without_a_rating_a_row_is_a_click() -> None:
    assert read(user="u", item="i", ts=TIME) == {"event": "click", "user_id": "u", "item_id": "i"}


def test_a_session_stands_in_for_a_user_and_beside_one_is_a_session() -> None:
    assert read(session_id="s", item_id="i")["user_id"] == "s"
    both = read(user_id="u", session_id="s", item_id="i")
    assert (both["user_id"], both["session_id"]) == ("u", "s")


@pytest.mark.parametrize(
    ("name", "kind"),
    [("view", "view"), ("addtocart", "add_to_cart"), ("buy", "purchase"), ("clicks", "click")],
)
def test_kinds_are_known_by_the_names_data_sets_use(name: str, kind: str) -> None:
    assert read(visitorid="u", itemid="i", event=name)["event"] == kind


def test_a_purchase_has_what_purchases_need() -> None:
    row = {"user_id": "u", "product_id": "i", "event_type": "purchase", "price": "12.5"}
    assert read(**row, quantity="2", order_id="o1", currency="USD") == {
        "event": "purchase",
        "user_id": "u",
        "items": [{"item_id": "i", "quantity": 2, "price": 12.5}],
        "value": 25.0,
        "currency": "USD",
        "transaction_id": "o1",
    }
    assert read(**row | {"price": "nan"})["currency"] == "XXX"


def test_friends_are_followed() -> None:
    followed = {"event": "follow", "user_id": "2", "target_type": "user", "target_id": "275"}
    assert read(userID="2", friendID="275") == followed


def test_a_date_in_three_columns_is_a_time() -> None:
    header = ["userID", "artistID", "day", "month", "year"]
    row = dict(zip(header, ["2", "52", "1", "4", "2009"], strict=True))
    found = Columns.of(header, "data").happening(row, 1)
    assert found.original == "2009-04-01"
    assert found.at == 1_238_544_000_000


def test_times_as_objects_are_utc() -> None:
    row = {"user": 1, "item": 2, "time": datetime(2009, 4, 1)}  # noqa: DTZ001
    assert Columns.of(list(row), "data").happening(row, 1).at == 1_238_544_000_000


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"user_id": ""}, "without a user"),
        ({"item_id": None}, "without an item"),
        ({"timestamp": "soon"}, "without a readable time"),
        ({"timestamp": None}, "without a readable time"),
        ({"event": "hover"}, "of unknown kind 'hover'"),
        ({"event": ""}, "without a kind"),
    ],
)
def test_a_row_that_says_nothing_tells_why(change: dict[str, Any], reason: str) -> None:
    row = {"user_id": "u", "item_id": "i", "timestamp": TIME, "event": "view", **change}
    with pytest.raises(Unusable, match=reason):
        Columns.of(list(row), "data").happening(row, 1)


@pytest.mark.parametrize("header", [["item_id", "time"], ["user_id", "time"], ["a"] * 1_000])
def test_a_table_without_users_or_items_is_refused_in_a_few_words(header: list[str]) -> None:
    with pytest.raises(Failure) as told:
        Columns.of(header, "data.csv")
    assert "data.csv" in told.value.what
    assert len(told.value.why) < 300


def test_the_note_says_what_was_taken_for_what() -> None:
    note = Columns.of(["user_id", "item_id", "rating", "timestamp", "split"], "data").note()
    assert "item ← item_id" in note
    assert "every row a view" in note
    assert "not used: split" in note
