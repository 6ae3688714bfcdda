from __future__ import annotations

from recaug.shelf import POPULAR, Shelf

NEWEST = ["n2", "n1", "p1"]


def shelf() -> Shelf:
    return Shelf([("p1", 3.0), ("p2", 1.5)], lambda: iter(NEWEST))


def test_popular_items_first_then_the_newest_none_twice() -> None:
    picked = shelf().pick(9, without=set())
    assert [line["item_id"] for line in picked] == ["p1", "p2", "n2", "n1"]
    assert [line["index"] for line in picked] == [0, 1, 2, 3]
    assert [line["score"] for line in picked] == [3.0, 1.5, 0.0, 0.0]
    codes = [line["reasons"][0]["code"] for line in picked]
    assert codes == ["popular", "popular", "new_item", "new_item"]


def test_what_is_to_be_left_out_is_and_k_is_kept() -> None:
    picked = shelf().pick(2, without={"p1"}, first_index=8)
    assert [(line["item_id"], line["index"]) for line in picked] == [("p2", 8), ("n2", 9)]


def test_the_top_is_short() -> None:
    many = Shelf([(f"p{n}", 1.0) for n in range(100)], lambda: iter(()))
    assert many.top == {f"p{n}" for n in range(POPULAR)}
    assert len(many) == 100
