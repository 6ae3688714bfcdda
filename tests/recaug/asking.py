"""A recommender of five items in the plane, requests to it, and what its answers hold."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from recaug.events import Recommendation
from recaug.history import History
from recaug.message import Answer, Request
from recaug.recommend import Recommender
from recaug.settings import Settings
from tests.recaug import tiny

NOW = 1_764_000_000_000
SETTINGS = Settings(list_size=3, history=5)
#: Rows 2 … 6: three kinds of item, and one in between.
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
