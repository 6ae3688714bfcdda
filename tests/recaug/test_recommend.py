from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from threading import Event, Thread
from typing import Any

import numpy as np
import pytest

from recaug.events import Recommendation, recommendation_id
from recaug.history import History
from recaug.message import Answer, Request
from recaug.recommend import CHUNK, Recommender
from recaug.registry import CorruptBundle
from recaug.score import Unservable
from recaug.session_knn import SessionKnn
from recaug.settings import Settings
from tests.recaug import tiny

NOW = 1_764_000_000_000
SETTINGS = Settings(list_size=3, history=5)
VECTORS: Mapping[str, Sequence[float]] = {
    "a1": [1, 0],
    "a2": [0.9, 0.1],
    "b1": [0, 1],
    "b2": [0.1, 0.9],
    "ab": [0.6, 0.6],
}
TEXT_MAP = np.array([[1, 0], [0, 1], [0, 0]])


def click(item: str, user: str = "u1", at_ms: int = NOW, number: int = 0) -> dict[str, Any]:
    return {
        "event": "click", "event_id": f"e-{user}-{item}-{number}", "timestamp": at_ms,
        "user_id": user, "item_id": item,
    }  # fmt: skip


def request(*clicks: str, consent: bool = True, known: bool = True, **event: Any) -> Request:
    """The request a user's newest click makes, earlier ones a second apart before it."""
    history = History(limit=5)
    for n, item in enumerate(reversed(clicks)):
        history.fold(click(item, at_ms=NOW - 1_000 * n))
    asked = {**click(clicks[-1] if clicks else "a1"), **event}
    return Request(asked, history if known else None, "recaug.events", 1, 7, NOW + 3.0, consent)


def one(recommender: Recommender, asked: Request) -> dict[str, Any]:
    """The one message that answers, checked against the contract."""
    (answer,) = recommender.answer([asked], NOW + 5.0)
    return check(answer)


def check(answer: Answer) -> dict[str, Any]:
    message: dict[str, Any] = json.loads(answer.value)
    Recommendation.model_validate_json(answer.value, strict=True)
    assert {*message, "supersedes"} == set(Recommendation.model_fields)
    assert [item["index"] for item in message["items"]] == list(range(len(message["items"])))
    scores = [item["score"] for item in message["items"] if item["retriever"] == "model"]
    assert scores == sorted(scores, reverse=True)
    assert len(set(ids(message))) == len(ids(message))
    assert {item["propensity"] for item in message["items"]} <= {1.0}
    return message


def ids(message: dict[str, Any]) -> list[str]:
    return [item["item_id"] for item in message["items"]]


def scores(message: dict[str, Any]) -> list[float]:
    return [pytest.approx(item["score"], abs=1e-3) for item in message["items"]]


def codes(message: dict[str, Any]) -> list[list[str]]:
    return [[reason["code"] for reason in item["reasons"]] for item in message["items"]]


def popular(recommender: Recommender, **counts: int) -> None:
    for item, count in counts.items():
        for n in range(count):
            recommender.popular(click(item, user=f"{item}-{n}"))


def served(path: Path, **more: Any) -> Recommender:
    recommender = Recommender(SETTINGS)
    recommender.swap(tiny.bundle(path, VECTORS, **more))
    return recommender


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


# -- items come and go ---------------------------------------------------------------------------


def test_a_hidden_item_is_in_no_list_until_it_is_shown(tmp_path: Path) -> None:
    recommender, fresh = served(tmp_path), Recommender(SETTINGS)
    for some in (recommender, fresh):
        popular(some, a2=3)
        for document in ({"is_hidden": True}, {"availability": "out_of_stock"}, None):
            some.item("a2", document)
            assert "a2" not in ids(one(some, request("a1")))
            some.item("a2", {"name": "back"})
            assert ids(one(some, request("a1")))[0] == "a2"


def test_a_new_item_is_recommended_once_it_has_document_and_vector(tmp_path: Path) -> None:
    recommender = served(tmp_path, text_map=TEXT_MAP)
    recommender.vector("new", np.array([0.9375, 0, 0], np.float16))
    assert "new" not in ids(one(recommender, request("a1")))
    recommender.item("new", {"name": "new"})
    message = one(recommender, request("a1"))
    assert ids(message) == ["new", "a2", "ab"]
    assert codes(message)[0][-1] == "new_item"
    recommender.vector("new", np.array([0, 1, 0], np.float16))
    assert ids(one(recommender, request("b1"))) == ["new", "b2", "ab"]
    recommender.vector("new", None)
    assert "new" not in ids(one(recommender, request("b1")))


def test_the_vector_of_another_encoder_is_kept_for_a_model_that_reads_it(tmp_path: Path) -> None:
    recommender = served(tmp_path, text_map=TEXT_MAP)
    for item, vector in (("wide", [0.9375, 0, 0, 0]), ("new", [0.5, 0, 0])):
        recommender.item(item, {"name": item})
        recommender.vector(item, np.array(vector, np.float16))
    assert "wide" not in ids(one(recommender, request("a1")))
    recommender.swap(tiny.bundle(tmp_path, VECTORS, "v2", text_map=np.eye(4)[:, :2]))
    assert ids(one(recommender, request("a1")))[0] == "wide"


def test_a_click_on_a_new_item_counts(tmp_path: Path) -> None:
    recommender = served(tmp_path, text_map=TEXT_MAP)
    recommender.item("new", {"name": "new"})
    recommender.vector("new", np.array([0, 1, 0], np.float16))
    message = one(recommender, request("new"))
    assert ids(message) == ["b1", "b2", "ab"]
    assert message["fallback"] is None


# -- reasons -------------------------------------------------------------------------------------


def test_reasons_name_the_recent_item_that_is_most_alike(tmp_path: Path) -> None:
    recommender = served(tmp_path)
    popular(recommender, b2=1)
    message = one(recommender, request("b1", "a1"))
    causes = {item["item_id"]: item["reasons"] for item in message["items"]}
    assert causes["a2"] == [{"code": "similar_to_recent_click", "item_id": "a1"}]
    assert causes["b2"] == [
        {"code": "similar_to_recent_click", "item_id": "b1"},
        {"code": "popular"},
    ]


# -- the message ---------------------------------------------------------------------------------


def test_the_message_says_what_it_answers_and_how_long_it_took(tmp_path: Path) -> None:
    ticks = iter([0.0, 0.001, 0.002, 0.004, 0.007, 0.009])
    recommender = Recommender(SETTINGS, ticks.__next__)
    recommender.swap(tiny.bundle(tmp_path, VECTORS))
    asked = request("a1", session_id="s1")
    asked = Request(**{name: getattr(asked, name) for name in Request.__slots__ if name[0] != "_"}
                    | {"appended_ms": NOW + 1.0})  # fmt: skip
    (answer,) = recommender.answer([asked], NOW + 5.0)
    message = check(answer)
    assert answer.key == b"u1"
    assert message["recommendation_id"] == recommendation_id("e-u1-a1-0")
    assert message["session_id"] == "s1"
    assert message["source_event"] == {
        "event_id": "e-u1-a1-0", "event": "click", "timestamp": "2025-11-24T16:00:00.000Z",
        "topic": "recaug.events", "partition": 1, "offset": 7,
    }  # fmt: skip
    # Appended 1, read 3, called 5, one clock tick of waiting 6; then 2 + 3 + 2 ms of work.
    assert message["latency"] == {
        "queue_ms": 2.0, "features_ms": 5.0, "retrieve_ms": None, "score_ms": 3.0,
        "processing_ms": 10.0, "event_to_recommendation_ms": 13.0,
    }  # fmt: skip
    assert message["generated_at"] == "2025-11-24T16:00:00.013Z"
    assert message["expires_at"] == "2025-11-24T16:30:00.013Z"


def test_headers_tell_model_and_fallback_without_the_body(tmp_path: Path) -> None:
    (answer,) = served(tmp_path).answer([request("a1")], NOW)
    headers = dict(answer.headers)
    assert headers["ce_id"].decode() == recommendation_id("e-u1-a1-0")
    assert headers["ce_type"] == b"io.recaug.recommendation.v1"
    assert headers["content-type"] == b"application/json"
    assert (headers["model-version"], headers["fallback"]) == (b"v1", b"")
    (answer,) = Recommender(SETTINGS).answer([request("a1")], NOW)
    headers = dict(answer.headers)
    assert (headers["model-version"], headers["fallback"]) == (b"", b"popular")


def test_an_anonymous_visitor_is_the_key() -> None:
    asked = request("a1")
    del asked.event["user_id"]
    asked.event["anonymous_id"] = "visitor"
    (answer,) = Recommender(SETTINGS).answer([asked], NOW)
    assert answer.key == b"visitor"
    assert check(answer)["user_id"] is None


def test_every_request_of_a_long_batch_gets_the_answer_it_would_get_alone(tmp_path: Path) -> None:
    recommender = served(tmp_path)
    popular(recommender, a1=2, b1=1)
    names = list(VECTORS)
    asked = [
        request(*[names[(n + m) % 5] for m in range(n % 4)], event_id=f"e{n}", consent=n % 7 > 0)
        for n in range(2 * CHUNK + 5)
    ]
    answers = recommender.answer(asked, NOW)
    assert [check(a)["source_event"]["event_id"] for a in answers] == [f"e{n}" for n in range(133)]
    for answer, alone in zip(answers, asked, strict=True):
        assert json.loads(answer.value)["items"] == one(recommender, alone)["items"]
    assert recommender.answer([], NOW) == []


# -- swaps ---------------------------------------------------------------------------------------


def test_a_swap_keeps_what_happened_to_items_and_counts(tmp_path: Path) -> None:
    recommender = Recommender(SETTINGS)
    recommender.item("a2", None)
    recommender.item("new", {"name": "new"})
    recommender.vector("new", np.array([0.9375, 0, 0], np.float16))
    for n in range(600):
        recommender.item(f"n{n}", {"name": "n"})
        recommender.vector(f"n{n}", np.array([0.5, 0, 0], np.float16))
    popular(recommender, b1=2)
    for version in ("v1", "v2"):
        recommender.swap(tiny.bundle(tmp_path, VECTORS, version, text_map=TEXT_MAP))
        message = one(recommender, request("a1"))
        assert ids(message)[:2] == ["new", "ab"]
        assert message["candidate_count"] == 605
        assert message["model"]["version"] == recommender.model["version"] == version
        assert ids(one(recommender, request()))[0] == "b1"


def test_an_item_the_next_model_learned_takes_its_learned_vector(tmp_path: Path) -> None:
    recommender = served(tmp_path, text_map=TEXT_MAP)
    recommender.item("new", {"name": "new"})
    recommender.vector("new", np.array([0, 1, 0], np.float16))
    assert "new" not in ids(one(recommender, request("a1")))
    learned = {**VECTORS, "new": [1, 0]}
    recommender.swap(tiny.bundle(tmp_path, learned, "v2", text_map=TEXT_MAP))
    assert ids(one(recommender, request("a1")))[0] == "new"
    recommender.swap(tiny.bundle(tmp_path, VECTORS, "v3", text_map=TEXT_MAP))
    assert ids(one(recommender, request("b1")))[0] == "new"


def test_the_popularity_of_a_bundle_is_taken_once(tmp_path: Path) -> None:
    recommender = Recommender(SETTINGS)
    popular(recommender, b1=3)
    counts = {"at_ms": NOW, "scores": {"a1": 2.0, "b1": 2.0}}
    for version in ("v1", "v2", "v3"):
        recommender.swap(tiny.bundle(tmp_path, VECTORS, version, popularity=counts))
    message = one(recommender, request(event="search", search_term="x"))
    found = [(item["item_id"], item["score"]) for item in message["items"]]
    assert found == [("b1", 3.0), ("a1", 2.0)]


@pytest.mark.parametrize("damage", ["bytes", "graph", "popularity"])
def test_a_bad_bundle_is_refused_and_the_old_model_keeps_serving(
    tmp_path: Path, damage: str
) -> None:
    recommender = served(tmp_path)
    more: dict[str, dict[str, Any]] = {
        "graph": {"encoder": b"x"},
        "popularity": {"popularity": {"at_ms": NOW}},
    }
    bundle = tiny.bundle(tmp_path, VECTORS, "v2", **more.get(damage, {}))
    if damage == "bytes":
        (bundle.path / "items.npy").write_bytes(b"")
    with pytest.raises((CorruptBundle, Unservable)):
        recommender.swap(bundle)
    message = one(recommender, request("a1"))
    assert (message["model"]["version"], ids(message)[0]) == ("v1", "a2")


def test_swaps_under_load_never_tear_a_batch(tmp_path: Path) -> None:
    """Two models that disagree on everything, and items that come and go, while batches run."""
    others: Mapping[str, Sequence[float]] = {
        "ab": [0.1, 0.9],
        "b2": [0.6, 0.6],
        "b1": [0.9, 0.1],
        "a2": [0, 1],
        "a1": [1, 0],
    }
    kinds: dict[str, Mapping[str, Sequence[float]]] = {"v0": VECTORS, "v1": others}
    bundles = [tiny.bundle(tmp_path, table, name, TEXT_MAP) for name, table in kinds.items()]
    recommender, stop = Recommender(SETTINGS), Event()
    recommender.swap(bundles[0])
    expected = {"v0": ["a2", "ab", "b2"], "v1": ["b1", "b2", "ab"]}

    def swap() -> None:
        for n in range(8):
            recommender.swap(bundles[1 - n % 2])

    def items() -> None:
        n = 0
        while not stop.wait(0.0005):
            n += 1
            recommender.item(f"n{n % 2000}", {"name": "n"} if n % 3 else None)
            recommender.vector(f"n{n % 2000}", np.array([-1, -1, 0], np.float16))
            recommender.popular(click("a1", number=n))

    threads = [Thread(target=swap), Thread(target=items)]
    for thread in threads:
        thread.start()
    versions = set()
    try:
        while threads[0].is_alive():
            answers = [check(a) for a in recommender.answer([request("a1")] * 20, NOW)]
            batch = {message["model"]["version"] for message in answers}
            assert len(batch) == 1
            versions |= batch
            for message in answers:
                assert ids(message) == expected[message["model"]["version"]]
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert versions == {"v0", "v1"}
