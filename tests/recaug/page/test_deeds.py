"""How a user came upon an item, and what they searched for."""

from __future__ import annotations

from typing import Any

from recaug.bounds import Bound, counts
from recaug.page.deeds import ITEMS, Deeds


def event(kind: str, **fields: Any) -> dict[str, Any]:
    return {"event": kind, **fields}


def liked(item: str, **fields: Any) -> dict[str, Any]:
    return event("like", target_type="item", target_id=item, value=1, **fields)


def test_the_newest_event_on_an_item_is_what_counts() -> None:
    deeds = Deeds()
    deeds.note("you", event("click", item_id="a"))
    assert deeds.kind("you", "a") == "click"
    deeds.note("you", liked("a"))
    assert deeds.kind("you", "a") == "like"


def test_what_is_taken_back_or_about_no_item_is_no_deed() -> None:
    deeds = Deeds()
    deeds.note("you", liked("a", undo=True))
    deeds.note("you", event("follow", target_type="brand", target_id="b"))
    assert deeds.kind("you", "a") is deeds.kind("you", "b") is None


def test_the_newest_words_are_kept_beside_the_items() -> None:
    deeds = Deeds()
    assert deeds.term("you") is None
    deeds.note("you", event("search", search_term="tent"))
    deeds.note("you", event("click", item_id="a"))
    deeds.note("you", event("search", search_term="stove"))
    assert (deeds.term("you"), deeds.kind("you", "a")) == ("stove", "click")


def test_no_more_users_and_items_are_kept_than_allowed() -> None:
    deeds, met = Deeds(users=2), counts()[Bound.PAGE_DEEDS]
    for number in range(ITEMS + 1):
        deeds.note("ann", event("click", item_id=f"i{number}"))
    assert deeds.kind("ann", "i0") is None
    assert deeds.kind("ann", "i1") == "click"
    for user in ("bob", "ann", "cid"):
        deeds.note(user, event("click", item_id="x"))
    assert [deeds.kind(user, "x") for user in ("ann", "bob", "cid")] == ["click", None, "click"]
    assert counts()[Bound.PAGE_DEEDS] == met + 1


def test_who_is_forgotten_did_nothing() -> None:
    deeds = Deeds()
    deeds.note("you", event("click", item_id="a"))
    deeds.forget("you")
    deeds.forget("never seen")
    assert deeds.kind("you", "a") is None
