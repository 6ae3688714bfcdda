"""Serving a graph as `models` exports it: what it answers is what torch would.

The exporter and the server are written against the same names, shapes and masks; this is where
they meet.
"""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
import torch

from models.export import export
from models.sequence import Ranker, SequenceModel, Shape
from recaug.batch import build, pad
from recaug.events import KINDS, Recommendation
from recaug.history import History
from recaug.message import Request
from recaug.recommend import Recommender
from recaug.registry import Bundle
from recaug.settings import Settings
from tests.recaug import tiny

NOW = 1_764_000_000_000
ITEMS = [f"i{n}" for n in range(300)]
SETTINGS = Settings(history=20, list_size=10, provider="cpu")


@pytest.fixture(scope="module")
def model() -> SequenceModel:
    torch.manual_seed(0)
    torch.set_num_threads(1)
    return SequenceModel(Shape(history=20), len(ITEMS) + 2).eval()


@pytest.fixture(scope="module")
def bundle(model: SequenceModel, tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    root = tmp_path_factory.mktemp("registry")
    table = model.unit().detach().numpy()
    vectors = dict(zip(ITEMS, table[2:].tolist(), strict=True))
    text_map = np.eye(64, dtype=np.float32)
    graph = export(model)
    return tiny.bundle(root, vectors, text_map=text_map, encoder=graph, items=table)


@pytest.fixture
def recommender(bundle: Bundle) -> Recommender:
    served = Recommender(SETTINGS)
    served.swap(bundle)
    return served


def requests() -> list[Request]:
    """Histories of 1 to 20 events, some of items the model does not know."""
    rng = np.random.default_rng(7)
    made = []
    for n in range(70):
        history = History(limit=20)
        for back in range(n % 20, -1, -1):
            item = "nobody" if back % 7 == 5 else ITEMS[rng.integers(len(ITEMS))]
            event = {"event": "click", "event_id": f"e{n}", "timestamp": NOW - 60_000 * back}
            event |= {"user_id": f"u{n}", "item_id": item}
            history.fold(event)
        made.append(Request(event, history, "recaug.events", 0, n, float(NOW)))
    return made


def torch_lists(model: SequenceModel, asked: list[Request]) -> list[dict[str, float]]:
    """The ten best items and their scores by torch, for each request."""
    histories = [request.history for request in asked if request.history is not None]
    rows = [[ITEMS.index(i) + 2 if i in ITEMS else 1 for i in h.items] for h in histories]
    parts = [(r, h.kinds, h.times_ms) for r, h in zip(rows, histories, strict=True)]
    batch = build(parts, [NOW] * len(parts), 20)
    table = model.unit().detach()
    bias = torch.zeros(len(table))
    bias[:2] = -1e4
    given = (batch.items, batch.kinds, batch.gaps, pad(rows))
    items, kinds, gaps, seen = (torch.from_numpy(array) for array in given)
    with torch.no_grad():
        scores = Ranker(model.encoder).scores(items, kinds, gaps, table, bias, seen)
    best = scores.topk(10)
    return [
        {ITEMS[row - 2]: score for score, row in zip(*one, strict=True)}
        for one in zip(best.values.tolist(), best.indices.tolist(), strict=True)
    ]


def test_the_answers_are_those_of_torch(recommender: Recommender, model: SequenceModel) -> None:
    asked = requests()
    answers = recommender.answer(asked, NOW)
    for request, answer, expected in zip(asked, answers, torch_lists(model, asked), strict=True):
        message: dict[str, Any] = json.loads(answer.value)
        Recommendation.model_validate_json(answer.value, strict=True)
        assert request.history is not None
        found = {item["item_id"]: item["score"] for item in message["items"]}
        assert list(found.values()) == pytest.approx(list(expected.values()), abs=2e-3)
        for item in found.keys() & expected.keys():
            assert found[item] == pytest.approx(expected[item], abs=2e-3)
        assert not found.keys() & request.history.seen
        assert len(found) == 10 and message["fallback"] is None


def test_hidden_and_new_items_are_honoured_by_the_exported_graph(
    recommender: Recommender, model: SequenceModel
) -> None:
    (asked,) = requests()[:1]
    (expected,) = torch_lists(model, [asked])
    best = next(iter(expected))
    recommender.item(best, {"is_hidden": True})
    recommender.item("twin", {"name": "twin"})
    recommender.vector("twin", model.unit()[ITEMS.index(best) + 2].detach().numpy())
    (answer,) = recommender.answer([asked], NOW)
    found = [item["item_id"] for item in json.loads(answer.value)["items"]]
    assert found[0] == "twin" and best not in found


def test_every_kind_of_event_is_understood(recommender: Recommender) -> None:
    histories = []
    for kind in KINDS.values():
        history = History(20, [ITEMS[0]], [kind], [NOW])
        event = {"event": "click", "event_id": f"k{kind}", "timestamp": NOW}
        event |= {"user_id": "u", "item_id": ITEMS[0]}
        histories.append(Request(event, history, "recaug.events", 0, kind, float(NOW)))
    lists = [json.loads(a.value)["items"] for a in recommender.answer(histories, NOW)]
    assert len({tuple(item["score"] for item in one) for one in lists}) == len(KINDS)
