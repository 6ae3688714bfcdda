"""Which list answers, and how the scorers add up."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from recaug.message import Request
from recaug.recommend import Recommender
from recaug.score import Unservable
from recaug.session_knn import SessionKnn
from recaug.settings import Settings
from tests.recaug.asking import (
    NOW,
    SETTINGS,
    click,
    codes,
    ids,
    one,
    popular,
    request,
    scores,
    served,
)

# -- before a model ------------------------------------------------------------------------------


def test_before_a_model_popular_items_less_those_seen_then_the_newest() -> None:
    recommender = Recommender(SETTINGS)
    popular(recommender, a1=5, a2=3)
    for item in ("i1", "i2", "i3"):
        recommender.item(item, {"name": item})
    message = one(recommender, request("a1"))
    assert ids(message) == ["a2", "i3", "i2"]
    assert codes(message) == [["popular"], ["new_item"], ["new_item"]]
    assert message["fallback"] == "popular"
    assert message["model"] == {
        "name": "main", "version": None, "provider": "cpu", "precision": "fp32"
    }  # fmt: skip


def test_with_nothing_known_the_answer_is_an_empty_list() -> None:
    assert one(Recommender(SETTINGS), request("a1"))["items"] == []


def test_popularity_halves_every_half_life() -> None:
    recommender = Recommender(Settings(list_size=2, popularity_half_life_s=10.0))
    for n in range(3):
        recommender.popular(click("old", user=f"u{n}", at_ms=NOW - 20_000))
    recommender.popular(click("new", at_ms=NOW))
    message = one(recommender, request("a1"))
    assert ids(message) == ["new", "old"]
    assert [item["score"] for item in message["items"]] == pytest.approx([1.0, 0.75], abs=1e-3)


def test_what_an_erased_user_did_is_popular_no_longer() -> None:
    recommender = Recommender(SETTINGS)
    popular(recommender, a1=3, a2=3)
    for item in ("a1", "b1"):
        recommender.popular(click(item, user="ann"))
    recommender.popular(click("b1", user="bob"))
    assert ids(one(recommender, request(item_id="x"))) == ["a1", "a2", "b1"]
    assert scores(one(recommender, request(item_id="x"))) == [4.0, 3.0, 2.0]
    recommender.erase("ann")
    assert scores(one(recommender, request(item_id="x"))) == [3.0, 3.0, 1.0]


def test_whoever_clicks_the_same_again_and_again_counts_once() -> None:
    recommender = Recommender(SETTINGS)
    popular(recommender, a1=2)
    for n in range(50):
        recommender.popular(click("b1", user="ann", number=n))
        recommender.popular(click("b2", user="ann", number=n))
    message = one(recommender, request(item_id="x"))
    assert (ids(message), scores(message)) == (["a1", "b2", "b1"], [2.0, 1.0, 1.0])
    recommender.erase("ann")
    assert scores(one(recommender, request(item_id="x"))) == [2.0]


def test_before_a_model_what_was_clicked_together_comes_first() -> None:
    recommender = Recommender(SETTINGS)
    popular(recommender, b1=9, b2=8)
    for item in ("a1", "a2", "a3"):
        recommender.popular(click(item, user="ann"))
    recommender.item("a3", None)
    message = one(recommender, request("a1"))
    assert ids(message) == ["a2", "b1", "b2"]
    assert [item["retriever"] for item in message["items"]] == [
        "sessions", "popularity", "popularity"
    ]  # fmt: skip
    assert message["fallback"] == "popular"
    assert ids(one(recommender, request("a1", consent=False)))[0] == "b1"


def test_what_an_erased_user_clicked_together_is_recommended_no_longer() -> None:
    recommender = Recommender(SETTINGS)
    popular(recommender, b1=9)
    for item in ("a1", "a2"):
        recommender.popular(click(item, user="ann"))
    recommender.erase("ann")
    assert ids(one(recommender, request("a1"))) == ["b1"]


# -- which list ----------------------------------------------------------------------------------


def test_the_model_answers_who_has_a_history(tmp_path: Path) -> None:
    message = one(served(tmp_path), request("a1"))
    assert ids(message) == ["a2", "ab", "b2"]
    assert [item["score"] for item in message["items"]] == [0.9, 0.6, 0.1]
    assert (message["fallback"], message["candidate_count"]) == (None, 5)
    assert message["model"]["version"] == "v1"


def test_neighbours_and_popularity_add_to_what_the_model_says(tmp_path: Path) -> None:
    """A factor e of votes is worth 1: b1, which nobody else had, is far from what was clicked."""
    weights = [[0.0, 0.0], [1.0, 0.0], [0.0, 0.0], [0.0, 1.0], [0.0, 0.0], [0.0, 0.0]]
    recommender = served(tmp_path, fusion=weights)
    popular(recommender, b2=1)
    for item in ("a1", "b1"):
        recommender.popular(click(item, user="ann"))
    message = one(recommender, request("a1"))
    assert ids(message) == ["b1", "a2", "ab"]
    assert [item["retriever"] for item in message["items"]] == ["sessions", "model", "model"]
    neighbours = SessionKnn()
    for user, item in (("u1", "b2"), ("ann", "a1"), ("ann", "b1")):
        neighbours.learn(user, item)
    names, votes = neighbours.score(["a1"])
    share = dict(zip(names, votes / votes.sum(), strict=True))["b1"]
    assert message["items"][0]["score"] == pytest.approx(np.log1p(share / 1e-4), abs=1e-4)
    assert ids(one(recommender, request("a1", "ab"))) == ["a2", "b2", "b1"]  # the model alone, at 2
    alone = one(served(tmp_path / "alone"), request("a1", "a2", "ab"))
    popular_too = one(recommender, request("a1", "a2", "ab"))
    assert ids(popular_too) == ids(alone) == ["b2", "b1"]
    for item, other in zip(popular_too["items"], alone["items"], strict=True):
        liked = np.log1p(1 / 3 / 1e-4)  # each of three items was clicked once
        assert item["score"] == pytest.approx(other["score"] + liked, abs=2e-3)


def test_neighbours_look_as_far_back_as_the_bundle_says(tmp_path: Path) -> None:
    """b2 went with the newer click, b1 with the older: a vote for each, and .3 of what the second
    step adds, where the better one leads by e^.1."""
    clicks = [("ann", "a1"), ("ann", "b1"), ("bob", "a2"), ("bob", "b2")]
    gaps = list[float]()
    for reach in (2.0, 15.0):
        recommender = served(tmp_path / f"{reach}", fusion=[[1.0, 0.0, 0.0, reach]] * 6)
        for user, item in clicks:
            recommender.popular(click(item, user=user))
        items = one(recommender, request("a1", "a2"))["items"]
        scores = {item["item_id"]: item["score"] for item in items}
        alone = one(served(tmp_path / f"alone {reach}"), request("a1", "a2"))["items"]
        own = {item["item_id"]: item["score"] for item in alone}
        gaps.append((scores["b2"] - own["b2"]) - (scores["b1"] - own["b1"]))
    near = np.exp(-1 / (4 * np.array([2.0, 15.0])))  # they are a click away from what is shared
    older = near * np.exp(-1 / np.array([2.0, 15.0])) + 0.3 * np.exp(-0.1)
    assert gaps == pytest.approx(np.log((near + 0.3) / older).tolist(), abs=2e-3)


@pytest.mark.parametrize("fusion", [[[1.0, 0.0]], [[-1.0, 0.0]] * 6, {"a": 1}, [["x", 0.0]] * 6])
def test_weights_that_cannot_be_are_refused(tmp_path: Path, fusion: Any) -> None:
    with pytest.raises(Unservable):
        served(tmp_path, fusion=fusion)


@pytest.mark.parametrize(
    ("asked", "fallback", "first"),
    [
        (request("a1", consent=False), "consent", "b1"),
        (request("a1", known=False), "state_unavailable", "b1"),
        (request("a1", known=False, consent=False), "consent", "b1"),
        (request(event="search", search_term="x"), "no_history", "a1"),
        (request("nobody", "knows"), "no_history", "a1"),
        (request("nobody", "b1"), None, "b2"),
    ],
)
def test_who_the_model_cannot_serve_gets_popular_items(
    tmp_path: Path, asked: Request, fallback: str | None, first: str
) -> None:
    recommender = served(tmp_path)
    popular(recommender, a1=3, b1=2, a2=1)
    message = one(recommender, asked)
    assert (message["fallback"], ids(message)[0]) == (fallback, first)


def test_without_consent_nothing_tells_who_it_is(tmp_path: Path) -> None:
    recommender = served(tmp_path)
    popular(recommender, a2=3, b1=2, ab=1)
    lists = [ids(one(recommender, request(other, "b2", consent=False))) for other in ("a1", "ab")]
    assert lists == [["a2", "b1", "ab"]] * 2


def test_a_disliked_item_is_never_in_the_list(tmp_path: Path) -> None:
    recommender = served(tmp_path)
    popular(recommender, a2=3)
    dislike: dict[str, Any] = {
        "event": "like",
        "target_type": "item",
        "target_id": "a2",
        "value": -1,
    }
    asked = request("a1", **dislike)
    assert asked.history is not None
    asked.history.fold({**asked.event, "timestamp": NOW})
    assert "a2" not in ids(one(recommender, asked))
    assert "a2" not in ids(one(recommender, request("a1", known=False, **dislike)))


def test_a_list_too_short_is_filled_with_popular_items_and_says_so(tmp_path: Path) -> None:
    recommender = served(tmp_path)
    popular(recommender, other=2, a1=1)
    recommender.item("i1", {"name": "i1"})
    message = one(recommender, request("a1", "a2", "b1", "b2"))
    assert [item["retriever"] for item in message["items"]] == ["model", "popularity", "newest"]
    assert ids(message) == ["ab", "other", "i1"]
