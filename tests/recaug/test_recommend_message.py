"""Items come and go; what the message says of itself and of each item."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from recaug.events import recommendation_id
from recaug.message import Request
from recaug.recommend import CHUNK, Recommender
from tests.recaug import tiny
from tests.recaug.asking import (
    NOW,
    SETTINGS,
    TEXT_MAP,
    VECTORS,
    check,
    codes,
    ids,
    one,
    popular,
    request,
    served,
)

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
